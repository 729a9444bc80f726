from collections.abc import Iterator

import pytest

from aiportal import errors
from aiportal.errors import (
    InternalError,
    InvalidRequest,
    PortalError,
    RateLimited,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRejected,
)
from aiportal.notebook.failures import failure_from_event, failure_from_response


def _kinds() -> Iterator[type[PortalError]]:
    for name in errors.__all__:
        if (kind := getattr(errors, name)) is not PortalError:
            yield kind


# The wire does not tell these from the portal's own error of the same status and code.
SAME_ON_THE_WIRE = {UpstreamRejected: InvalidRequest, UpstreamRateLimited: RateLimited}


@pytest.mark.parametrize("kind", [kind for kind in _kinds() if kind is not RateLimited])
def test_every_kind_of_error_comes_back_as_itself(kind: type[PortalError]) -> None:
    error = kind("It went wrong.", param="model")
    back = failure_from_response(error.status, error.as_openai())
    assert type(back) is SAME_ON_THE_WIRE.get(kind, kind)
    assert (back.message, back.param, back.code) == ("It went wrong.", "model", error.code)


def test_a_rate_limit_brings_its_waiting_time() -> None:
    error = RateLimited("Too many calls.", retry_after_s=30)
    back = failure_from_response(429, error.as_openai(), retry_after="30")
    assert isinstance(back, RateLimited)
    assert back.retry_after_s == 30


def test_a_date_as_waiting_time_does_no_harm() -> None:
    body = RateLimited("Too many calls.", retry_after_s=30).as_openai()
    back = failure_from_response(429, body, retry_after="Wed, 21 Oct 2026 07:28:00 GMT")
    assert isinstance(back, RateLimited)


def test_a_code_of_a_special_case_keeps_the_kind_of_its_status() -> None:
    body = PortalError("Too many.", code="too_many_turns").as_openai()
    body["error"]["type"] = "invalid_request_error"
    back = failure_from_response(409, body)
    assert (type(back).__name__, back.code) == ("Conflict", "too_many_turns")


@pytest.mark.parametrize("body", [None, "<html>", [], {"detail": "Not Found"}])
def test_an_answer_that_is_not_the_portals_is_told_as_such(body: object) -> None:
    back = failure_from_response(404, body)
    assert isinstance(back, InternalError)
    assert "404" in back.message


@pytest.mark.parametrize("kind", [kind for kind in _kinds() if kind is not RateLimited])
def test_an_error_event_in_a_stream_comes_back_as_its_kind(kind: type[PortalError]) -> None:
    back = failure_from_event(kind("It broke off.").as_openai()["error"])
    assert type(back) is (UpstreamRejected if kind is InvalidRequest else kind)


def test_a_providers_own_code_in_an_event_is_an_upstream_error() -> None:
    back = failure_from_event({"message": "No.", "type": "api_error", "code": "no_gpu_left"})
    assert type(back) is UpstreamError
