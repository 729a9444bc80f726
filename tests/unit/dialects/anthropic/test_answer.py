"""What an unstreamed answer looks like to a caller of Anthropic's dialect."""

from typing import Any

import orjson
import pytest

from aiportal.dialects.anthropic.answer import message, usage_of
from aiportal.errors import UpstreamError

ZERO = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}


def translated(said: dict[str, Any], *, usage: Any = None, **choice: Any) -> dict[str, Any]:
    choices = [{"index": 0, "message": said, "finish_reason": "stop"} | choice]
    body = orjson.dumps({"id": "chatcmpl-1", "choices": choices, "usage": usage})
    return message(body, message_id="msg_1", model="acme/fast", stop_sequences=["END"])


def call(arguments: Any, **fields: Any) -> dict[str, Any]:
    function = {"name": "weather", "arguments": arguments}
    return {"id": "call_1", "type": "function", "function": function} | fields


def content(**said: Any) -> Any:
    return translated(said)["content"]


def test_a_text_is_one_block() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 4}
    assert translated({"role": "assistant", "content": "Hi"}, usage=usage) == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "acme/fast",
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 4} | ZERO,
    }


@pytest.mark.parametrize("said", [{}, {"content": None}, {"content": ""}, {"content": []}])
def test_nothing_said_is_no_block(said: dict[str, Any]) -> None:
    assert translated(said)["content"] == []


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thinking_comes_first_with_a_mark_of_where_it_came_in(field: str) -> None:
    thinking = {"type": "thinking", "thinking": "hm", "signature": f"aiportal.{field}.acme/fast"}
    assert content(content="Hi", **{field: "hm"}) == [thinking, {"type": "text", "text": "Hi"}]


def test_signed_thinking_keeps_its_signature() -> None:
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "xyz"},
    ]
    assert content(thinking_blocks=blocks, reasoning_content="hm") == blocks


def test_content_in_parts_is_taken_apart() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "Hi"},
    ]
    found = content(content=parts)
    assert [block.get("thinking") or block["text"] for block in found] == ["hm", "Hi"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"city": "Köln"}', {"city": "Köln"}),
        ({"city": "Köln"}, {"city": "Köln"}),
        ("", {}),
        (None, {}),
        ("null", {}),
        ('{"city": ', {"INVALID_JSON": '{"city": '}),
        ("[1]", {"INVALID_JSON": "[1]"}),
        ("7", {"INVALID_JSON": "7"}),
    ],
)
def test_the_input_of_a_call_is_an_object(arguments: Any, expected: dict[str, Any]) -> None:
    found = translated({"tool_calls": [call(arguments)]}, finish_reason="tool_calls")
    block = {"type": "tool_use", "id": "call_1", "name": "weather", "input": expected}
    assert (found["content"], found["stop_reason"]) == ([block], "tool_use")


def test_a_call_without_an_id_is_given_one() -> None:
    (block,) = content(tool_calls=[call("{}", id=None)])
    assert block["id"].startswith("toolu_")


def test_a_refusal_is_told_in_words_and_as_a_reason() -> None:
    found = translated({"content": None, "refusal": "I will not."})
    assert found["content"] == [{"type": "text", "text": "I will not."}]
    assert found["stop_reason"] == "refusal"


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("tool_calls", "tool_use"),
        ("function_call", "tool_use"),
        ("content_filter", "refusal"),
        ("pause_turn", "pause_turn"),
        ("eos", "end_turn"),
        (None, None),
    ],
)
def test_why_an_answer_ends(finish: str | None, reason: str | None) -> None:
    assert translated({"content": "Hi"}, finish_reason=finish)["stop_reason"] == reason


def test_calls_are_a_reason_to_stop_even_where_a_provider_says_otherwise() -> None:
    assert translated({"tool_calls": [call("{}")]})["stop_reason"] == "tool_use"


@pytest.mark.parametrize("name", ["stop_reason", "matched_stop"])
def test_the_stop_sequence_is_told_where_the_provider_tells_it(name: str) -> None:
    found = translated({"content": "Hi"}, **{name: "END"})
    assert (found["stop_reason"], found["stop_sequence"]) == ("stop_sequence", "END")
    assert translated({"content": "Hi"}, **{name: 128009})["stop_sequence"] is None


def test_cached_tokens_are_no_input() -> None:
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 9,
        "prompt_tokens_details": {"cached_tokens": 60, "cache_creation_tokens": 30},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
    assert usage_of(usage) == {
        "input_tokens": 10,
        "cache_creation_input_tokens": 30,
        "cache_read_input_tokens": 60,
        "output_tokens": 9,
        "output_tokens_details": {"thinking_tokens": 5},
    }


@pytest.mark.parametrize("usage", [None, "much", {"prompt_tokens": -1, "completion_tokens": "x"}])
def test_usage_that_is_none_is_zero(usage: Any) -> None:
    assert usage_of(usage) == {"input_tokens": 0, "output_tokens": 0} | ZERO


@pytest.mark.parametrize("choices", [[], [1], [{}], [{"message": "Hi"}], None])
def test_an_answer_without_a_message_is_the_providers_failure(choices: Any) -> None:
    body = orjson.dumps({"choices": choices})
    with pytest.raises(UpstreamError):
        message(body, message_id="msg_1", model="m", stop_sequences=())
