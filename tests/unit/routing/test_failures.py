import orjson
import pytest

from aiportal.errors import UpstreamRateLimited
from aiportal.registry import NOTHING_CONFIDENTIAL, Confidential
from aiportal.routing.upstreams.failures import failure_from

BODY = orjson.dumps({"error": {"message": "no: sk-1234", "code": "c", "param": "p"}})
KEY = Confidential.of("sk-1234", {}, None)


@pytest.mark.parametrize(
    ("upstream_status", "status"),
    [
        *((400, 400), (401, 502), (403, 502), (404, 502), (408, 504), (413, 413), (422, 400)),
        *((429, 429), (500, 502), (502, 502), (503, 503), (504, 504), (529, 503), (302, 502)),
    ],
)
def test_statuses_map_as_the_contract_says(upstream_status: int, status: int) -> None:
    failure = failure_from(upstream_status, BODY, {}, confidential=KEY)
    assert failure.status == status
    assert failure.upstream_status == upstream_status
    assert "sk-1234" not in failure.message


def test_a_refused_request_keeps_message_code_and_param() -> None:
    failure = failure_from(400, BODY, {}, confidential=NOTHING_CONFIDENTIAL)
    assert (failure.message, failure.code, failure.param) == ("no: sk-1234", "c", "p")


def test_a_rate_limit_keeps_its_retry_after() -> None:
    failure = failure_from(429, b"", {"Retry-After": "7"}, confidential=NOTHING_CONFIDENTIAL)
    assert isinstance(failure, UpstreamRateLimited)
    assert failure.retry_after == "7"


def test_the_key_is_struck_from_every_field() -> None:
    error = {"message": "no: sk-1234", "code": "bad sk-1234", "param": "sk-1234"}
    failure = failure_from(400, orjson.dumps({"error": error}), {}, confidential=KEY)
    assert "sk-1234" not in f"{failure.message} {failure.code} {failure.param}"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": "text"}', b'{"error": 5}'])
def test_any_body_makes_an_error(body: bytes) -> None:
    assert failure_from(400, body, {}, confidential=NOTHING_CONFIDENTIAL).message


def test_too_long_a_prompt_for_the_embedded_model_is_told_in_openais_code() -> None:
    error = {
        "type": "exceed_context_size_error",
        "code": 400,
        "n_prompt_tokens": 9030,
        "n_ctx": 4096,
    }
    failure = failure_from(
        400, orjson.dumps({"error": error}), {}, confidential=NOTHING_CONFIDENTIAL
    )
    assert failure.code == "context_length_exceeded"
    assert "9030 tokens, and it can hold 4096" in failure.message
