"""What the portal reads of preferences: whatever stands there, it gets something usable."""

import pytest

from aiportal.accounts import UserSettings


def test_all_that_can_be_said_is_read() -> None:
    settings = UserSettings.parse(
        {
            "look": {"theme": "dark", "density": "compact"},
            "language": "de",
            "chat": {
                "model": "acme/fast",
                "system_prompt": "Be brief.",
                "temperature": 0,
                "top_p": 0.5,
                "max_tokens": 100,
                "send_with": "ctrl-enter",
            },
            "another program's": [1],
        }
    )
    assert settings == UserSettings(
        theme="dark",
        density="compact",
        language="de",
        send_with="ctrl-enter",
        model="acme/fast",
        system_prompt="Be brief.",
        temperature=0.0,
        top_p=0.5,
        max_tokens=100,
    )


@pytest.mark.parametrize(
    "preferences",
    [
        None,
        [],
        {"look": "dark", "chat": [], "language": 7},
        {"look": {"theme": "purple", "density": None}, "language": "x" * 21},
        {"chat": {"model": 7, "system_prompt": ["a"], "send_with": "tab"}},
        {"chat": {"temperature": True, "top_p": "1", "max_tokens": 1.5}},
        {"chat": {"temperature": 2.1, "top_p": -0.1, "max_tokens": 0}},
        {"chat": {"temperature": float("nan"), "max_tokens": True, "model": "x" * 101}},
    ],
)
def test_what_cannot_be_used_counts_as_not_said(preferences: object) -> None:
    assert UserSettings.parse(preferences) == UserSettings()
