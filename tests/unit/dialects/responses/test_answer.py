"""aiportal.dialects.responses.answer"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiportal.dialects.responses import Answer, ResponsesBody
from aiportal.dialects.sse import DONE, data_of, encode, split_events
from aiportal.errors import InternalError, UpstreamError, UpstreamRateLimited

USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 5,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
Delta = dict[str, Any]


def answer(**fields: Any) -> Answer:
    body = ResponsesBody.parse({"model": "acme/fast", "input": "Hi"} | fields)
    return Answer(body, "resp_" + "0" * 32, inputs=1)


def chunk(delta: Delta, finish: str | None = None, **choice: Any) -> bytes:
    return encode({"choices": [{"index": 0, "delta": delta, "finish_reason": finish, **choice}]})


def streamed(*deltas: Delta, finish: str = "stop") -> tuple[Answer, list[dict[str, Any]]]:
    """An answer that these deltas made, and its events."""
    made = answer()
    told = b"".join(made.feed(chunk(delta)) for delta in deltas)
    told += made.feed(chunk({}, finish) + encode({"choices": [], "usage": USAGE}) + DONE)
    return made, events(told + made.finish())


def events(told: bytes) -> list[dict[str, Any]]:
    return [json.loads(data_of(event) or b"") for event in split_events(told)]


def whole(message: Delta, finish: str = "stop", **choice: Any) -> dict[str, Any]:
    """The response for an unstreamed answer."""
    made = answer()
    choices = [{"index": 0, "message": message, "finish_reason": finish, **choice}]
    made.read(json.dumps({"choices": choices, "usage": USAGE}).encode())
    made.finish()
    return made.resource()


def call(index: int, **function: str) -> Delta:
    piece: Delta = {"index": index, "function": function}
    if "name" in function:
        piece |= {"id": f"call_{index}", "type": "function"}
    return {"tool_calls": [piece]}


def test_usage_is_told_in_full() -> None:
    assert whole({"content": "Hi"})["usage"] == {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 15,
    }


def test_what_was_asked_comes_back() -> None:
    tool = {"type": "function", "name": "f"}
    asked = {"temperature": 0, "metadata": {"a": "b"}, "tools": [tool], "store": False}
    found = answer(**asked, truncation="auto").resource()

    assert {name: found[name] for name in ("temperature", "metadata", "store")} == {
        name: asked[name] for name in ("temperature", "metadata", "store")
    }
    assert found["tools"] == [{**tool, "description": None, "parameters": None, "strict": None}]
    assert (found["tool_choice"], found["parallel_tool_calls"]) == ("auto", True)
    assert (found["text"], found["truncation"]) == ({"format": {"type": "text"}}, "disabled")


def test_a_schema_comes_back_under_its_own_name() -> None:
    schema = {"type": "json_schema", "name": "n", "schema": {"type": "object"}}
    assert answer(text={"format": schema}).resource()["text"]["format"]["schema"] == {
        "type": "object"
    }


def test_thoughts_come_before_what_is_said() -> None:
    output = whole({"content": "Hi", "reasoning_content": "Greet."})["output"]

    assert [item["type"] for item in output] == ["reasoning", "message"]
    assert output[0]["content"] == [{"type": "reasoning_text", "text": "Greet."}]


def test_parts_as_mistral_sends_them() -> None:
    content = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Greet."}]},
        {"type": "text", "text": "Hi"},
    ]
    output = whole({"content": content})["output"]
    assert [item["content"][0]["text"] for item in output] == ["Greet.", "Hi"]


def test_a_refusal_is_a_part_of_its_own() -> None:
    (message,) = whole({"content": None, "refusal": "No."})["output"]
    assert message["content"] == [{"type": "refusal", "refusal": "No."}]


def test_citations_and_log_probabilities_stand_at_the_text() -> None:
    cited = {"url": "https://example.com", "title": "t", "start_index": 0, "end_index": 1}
    token = {"token": "Hi", "logprob": -0.1, "bytes": None, "top_logprobs": []}
    message = {
        "content": "Hi",
        "annotations": [{"type": "url_citation", "url_citation": cited}],
    }
    (item,) = whole(message, logprobs={"content": [token]})["output"]

    assert item["content"][0]["annotations"] == [{"type": "url_citation", **cited}]
    assert item["content"][0]["logprobs"] == [token | {"bytes": []}]


@pytest.mark.parametrize(
    ("finish", "status", "reason"),
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("length", "incomplete", "max_output_tokens"),
        ("content_filter", "incomplete", "content_filter"),
    ],
)
def test_how_an_answer_ends(finish: str, status: str, reason: str | None) -> None:
    found = whole({"content": "Hi"}, finish)
    made, told = streamed({"content": "Hi"}, finish=finish)

    assert found["status"] == made.status == found["output"][0]["status"] == status
    assert (found["incomplete_details"] or {}).get("reason") == reason
    assert told[-1]["type"] == f"response.{status}"


def test_two_calls_in_one_delta() -> None:
    pieces = [
        {"index": n, "id": f"call_{n}", "function": {"name": "f", "arguments": "{}"}}
        for n in (0, 1)
    ]
    made, _ = streamed({"tool_calls": pieces}, finish="tool_calls")
    assert [item["call_id"] for item in made.resource()["output"]] == ["call_0", "call_1"]


def test_calls_without_an_index_are_told_apart_by_their_ids() -> None:
    def piece(id_: str, arguments: str) -> Delta:
        return {"tool_calls": [{"id": id_, "function": {"name": "f", "arguments": arguments}}]}

    made, _ = streamed(piece("a", "{"), piece("a", "}"), piece("b", "{}"))
    assert [(c["call_id"], c["arguments"]) for c in made.resource()["output"]] == [
        ("a", "{}"),
        ("b", "{}"),
    ]


def test_a_second_id_at_an_index_is_another_call() -> None:
    pieces = [{"index": 0, "id": i, "function": {"name": "f", "arguments": "{}"}} for i in "ab"]
    made, _ = streamed(*({"tool_calls": [piece]} for piece in pieces))
    assert [item["call_id"] for item in made.resource()["output"]] == ["a", "b"]


def test_a_name_that_comes_with_each_delta_is_one_name() -> None:
    made, _ = streamed(call(0, name="f", arguments=""), call(0, name="f", arguments="{}"))
    assert made.resource()["output"][0]["name"] == "f"


def test_a_call_without_an_id_gets_one() -> None:
    made, _ = streamed({"tool_calls": [{"index": 0, "function": {"name": "f"}}]})
    (item,) = made.resource()["output"]
    assert item["call_id"].startswith("call_")
    assert item["arguments"] == "{}"


def test_an_end_that_does_not_come_is_none() -> None:
    made = answer()
    made.feed(chunk({"content": "half"}))
    with pytest.raises(UpstreamError, match="ended"):
        made.finish()


def test_a_failure_is_told_to_every_reader() -> None:
    made = answer()
    made.feed(chunk({"content": "half"}))
    error = UpstreamRateLimited("Too much.", code="slow_down")
    made.fail(error)
    failed, told = events(made.error_events(error))

    assert failed["response"]["error"] == {"code": "rate_limit_exceeded", "message": "Too much."}
    assert failed["response"]["output"][0]["status"] == "incomplete"
    assert (told["type"], told["code"]) == ("error", "slow_down")
    assert told["error"] == error.as_openai()["error"]
    assert told["sequence_number"] == failed["sequence_number"] + 1


def test_a_bug_of_ours_is_a_server_error() -> None:
    made = answer()
    made.fail(InternalError("The portal failed."))
    assert made.resource()["error"]["code"] == "server_error"


# Wherever a stream is cut, it says the same as the whole answer

TEXT = st.text(min_size=1, max_size=12)
CALLS = st.lists(st.text(alphabet='{}":, aé', min_size=1, max_size=10), max_size=3)
SEED = st.randoms(use_true_random=False)


def _cut(text: str, random: Any) -> list[str]:
    places = sorted(random.sample(range(1, len(text)), random.randint(0, len(text) - 1)))
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


def _deltas(message: Delta, random: Any) -> list[Delta]:
    """A message in pieces; the calls' arguments are dealt out in any order among the calls."""
    found: list[Delta] = []
    for key in ("reasoning_content", "content", "refusal"):
        found += [{key: piece} for piece in _cut(message[key], random)] if key in message else []
    waiting = []
    for index, made in enumerate(message["tool_calls"]):
        found.append(call(index, name=made["function"]["name"], arguments=""))
        pieces = _cut(made["function"]["arguments"], random)
        waiting.append([call(index, arguments=piece) for piece in pieces])
    while waiting := [pieces for pieces in waiting if pieces]:
        found.append(random.choice(waiting).pop(0))
    return found


def _message(texts: dict[str, str], calls: list[str]) -> Delta:
    made = [
        {"id": f"call_{n}", "function": {"name": f"f{n}", "arguments": arguments}}
        for n, arguments in enumerate(calls)
    ]
    return {**texts, "tool_calls": made}


MESSAGES = st.builds(
    _message,
    st.fixed_dictionaries(
        {}, optional={"reasoning_content": TEXT, "content": TEXT, "refusal": TEXT}
    ),
    CALLS,
)


@given(message=MESSAGES, random=SEED)
def test_a_stream_says_what_the_whole_answer_says(message: Delta, random: Any) -> None:
    made, told = streamed(*_deltas(message, random))
    found = made.resource()

    assert found["output"] == whole(message)["output"]
    assert told[-1]["response"] == found
    assert [event["sequence_number"] for event in told] == list(range(len(told)))


@given(message=MESSAGES, random=SEED)
def test_the_events_of_a_stream_add_up_to_its_output(message: Delta, random: Any) -> None:
    made, told = streamed(*_deltas(message, random))
    output = made.resource()["output"]
    joined = ["" for _ in output]
    for event in told:
        if event["type"].endswith(".delta"):
            joined[event["output_index"]] += event["delta"]
    done = [event["item"] for event in told if event["type"] == "response.output_item.done"]

    assert sorted(done, key=output.index) == output
    for item, text in zip(output, joined, strict=True):
        parts = item.get("content", [])
        whole_text = "".join(part.get("text") or part.get("refusal", "") for part in parts)
        assert text == item.get("arguments", whole_text)


def test_numbers_of_tools_keep_all_their_digits() -> None:
    told = {"type": "tool_result", "result": 2**100}
    streamed, whole = answer(), answer()
    assert str(2**100).encode() in streamed.feed(encode(told))
    choice = {"message": {"content": "Much."}, "finish_reason": "stop"}
    whole.read(
        json.dumps({"choices": [choice], "tool_events": [told]}, separators=(",", ":")).encode()
    )
    for one in (streamed, whole):
        assert one.resource()["tool_events"] == [told]
