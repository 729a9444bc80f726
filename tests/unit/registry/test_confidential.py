"""What of a deployment is struck from errors."""

import pytest

from aiportal.registry import Confidential

FOUND = Confidential.of(
    "sk-1234",
    {"api-key": "azure-key-0123", "X-Token": "Bearer token-9876", "X-Version": "2"},
    "http://10.0.0.5:8000/v1/",
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Wrong key sk-1234.", "Wrong key [key]."),
        ("Wrong key azure-key-0123.", "Wrong key [key]."),
        ("Bearer token-9876 has expired", "[key] has expired"),
        ("token-9876 has expired", "[key] has expired"),
        ("POST http://10.0.0.5:8000/v1/chat failed", "POST [address]/chat failed"),
        ("10.0.0.5:8000 refused", "[address] refused"),
        ("2 of 2 tries", "2 of 2 tries"),
    ],
)
def test_keys_and_addresses_are_struck_and_nothing_else(text: str, left: str) -> None:
    assert FOUND.strike(text) == left


def test_a_deployment_without_any_strikes_nothing() -> None:
    assert Confidential.of(None, {}, None).strike("a text") == "a text"
