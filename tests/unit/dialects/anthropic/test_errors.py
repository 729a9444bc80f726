"""Every error of ours has a word of Anthropic's."""

import pytest

from aiportal import errors
from aiportal.dialects.anthropic import as_anthropic
from aiportal.errors import InvalidRequest, PortalError, RateLimited, UpstreamOverloaded

WORDS = {
    "api_error",
    "authentication_error",
    "invalid_request_error",
    "not_found_error",
    "overloaded_error",
    "permission_error",
    "rate_limit_error",
    "request_too_large",
    "timeout_error",
}
KINDS = [getattr(errors, name) for name in errors.__all__]


def made(kind: type[PortalError]) -> PortalError:
    return RateLimited("why", retry_after_s=1) if kind is RateLimited else kind("why")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_keeps_its_words_in_anthropics_shape(kind: type[PortalError]) -> None:
    error = made(kind)
    found = as_anthropic(error, "req_1")
    assert (found["type"], found["request_id"]) == ("error", "req_1")
    assert found["error"]["type"] in WORDS
    assert found["error"] | {"type": error.type} == error.as_openai()["error"]
    assert (found["error"]["type"] in {"api_error", "overloaded_error"}) == (
        error.status in {500, 502, 503}
    )


def test_an_overloaded_provider_has_a_word_of_its_own() -> None:
    assert as_anthropic(UpstreamOverloaded("later"))["error"]["type"] == "overloaded_error"


def test_a_stream_needs_no_id() -> None:
    assert set(as_anthropic(InvalidRequest("why"))) == {"type", "error"}
