from typing import Any

import pytest

from aiportal.dialects.openai_chat import ChatLimits, ChatRequest, loads_object
from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import InvalidRequest

HELLO = {"role": "user", "content": "hello"}


def body(**fields: Any) -> dict[str, Any]:
    return {"model": "acme/fast", "messages": [HELLO], **fields}


def test_the_callers_body_is_kept_as_it_is() -> None:
    sent = body(temperature=0, seed=7, vendor_extra={"a": [1]})
    request = ChatRequest.parse(sent)
    assert request.body is sent
    assert (request.model, request.is_stream, request.wants_usage) == ("acme/fast", False, False)


def test_usage_is_wanted_only_where_it_was_asked_for() -> None:
    asked = body(stream=True, stream_options={"include_usage": True})
    assert ChatRequest.parse(asked).wants_usage
    assert not ChatRequest.parse(body(stream=True)).wants_usage


@pytest.mark.parametrize(
    ("broken", "param"),
    [
        ({"messages": [HELLO]}, "model"),
        (body(model="m" * 101), "model"),
        (body(model="a b"), "model"),
        (body(messages="hello"), "messages"),
        (body(messages=[]), "messages"),
        (body(messages=[{"role": "boss", "content": ""}]), "messages.0.role"),
        (body(messages=[HELLO, {"role": "user", "content": 5}]), "messages.1.content"),
        (
            body(messages=[{"role": "user", "content": [{"type": "virus"}]}]),
            "messages.0.content.0.type",
        ),
        (body(temperature=2.1), "temperature"),
        (body(temperature="0"), "temperature"),
        (body(stream="yes"), "stream"),
        (body(n=0), "n"),
        (body(web_search=True), "web_search"),
        (body(tools={"enabled": 1}), "tools.enabled"),
        (body(tools={"enabled": True}, n=2), "n"),
        ([1], None),
        ("text", None),
        (None, None),
    ],
)
def test_a_broken_body_is_refused_by_the_name_of_its_field(
    broken: object, param: str | None
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        ChatRequest.parse(broken)
    assert refused.value.param == param


def test_bounds_come_from_the_model_config() -> None:
    limits = ChatLimits(max_messages=2, max_content_chars=10)
    with pytest.raises(InvalidRequest, match="at most 2"):
        ChatRequest.parse(body(messages=[HELLO] * 3), limits)
    with pytest.raises(InvalidRequest, match="longer than 10"):
        ChatRequest.parse(body(messages=[{"role": "user", "content": "x" * 11}]), limits)


def test_parts_and_fields_that_we_do_not_know_pass() -> None:
    parts = [
        {"type": "text", "text": "a", "cache_control": {}},
        {"type": "image_url", "image_url": 1},
    ]
    request = ChatRequest.parse(body(messages=[{"role": "user", "content": parts, "name": "ann"}]))
    assert request.prompt_chars() == 1


@pytest.mark.parametrize(
    "data", [b"", b"{", b'{"a": NaN}', b"[" * 100_000, b'{"a": "\xff"}', b'"\\ud800"']
)
def test_what_is_not_json_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequest, match="not valid JSON"):
        loads_object(data)


def test_usage_is_read_with_its_details() -> None:
    wire = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    assert TokenUsage.from_wire(wire) == TokenUsage(10, 5, 4, 2)


@pytest.mark.parametrize("wire", [None, [], {}, "usage"])
def test_what_is_no_usage_is_none(wire: object) -> None:
    assert TokenUsage.from_wire(wire) is None


def test_a_count_that_is_none_counts_as_zero() -> None:
    assert TokenUsage.from_wire({"prompt_tokens": -1, "completion_tokens": "9"}) == TokenUsage()
