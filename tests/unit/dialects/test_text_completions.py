"""aiportal.dialects.text_completions"""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from aiportal.dialects.sse import DONE, encode
from aiportal.dialects.text_completions import TextCompletion, TextCompletionBody
from aiportal.errors import InvalidRequest, UpstreamError
from tests.integration.calls import events

USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
TOKENS = {
    "content": [
        {"token": "a", "logprob": -1, "top_logprobs": [{"token": "b", "logprob": -2}]},
        {"token": "cd", "logprob": -3, "top_logprobs": []},
    ]
}


def exchange(**fields: Any) -> TextCompletion:
    return TextCompletion(TextCompletionBody.parse({"model": "acme/fast", "prompt": "Hi"} | fields))


async def told(of: TextCompletion, *blocks: bytes) -> list[Any]:
    async def chunks() -> AsyncIterator[bytes]:
        for block in blocks:
            yield block

    return events(b"".join([event async for event in of.events(chunks())]))


def chunk(text: str, **choice: Any) -> bytes:
    delta = {"content": text}
    return encode({"choices": [{"index": 0, "delta": delta, "finish_reason": None, **choice}]})


@pytest.mark.parametrize("prompt", ["Hi", ["Hi"]])
def test_a_prompt_is_a_users_message(prompt: object) -> None:
    body = exchange(prompt=prompt, max_tokens=0, stop=["x"], best_of=1, echo=False, suffix=None)
    assert body.request.body == {
        "model": "acme/fast",
        "max_tokens": 0,
        "stop": ["x"],
        "messages": [{"role": "user", "content": "Hi"}],
    }


async def test_a_whole_answer() -> None:
    choices = [
        {"index": n, "message": {"content": text}, "finish_reason": "stop"}
        for n, text in enumerate(["One", "Two"])
    ]
    body = json.dumps({"choices": choices, "usage": USAGE}).encode()
    found = json.loads(await exchange(n=2).answer(body))

    assert (found["object"], found["model"], found["usage"]) == (
        "text_completion",
        "acme/fast",
        USAGE,
    )
    assert found["choices"][1] == {
        "text": "Two",
        "index": 1,
        "logprobs": None,
        "finish_reason": "stop",
    }


async def test_a_stream_with_usage_where_that_is_asked_for() -> None:
    usage = encode({"choices": [], "usage": USAGE})
    blocks = (chunk("One"), chunk("", finish_reason="stop") + usage + DONE)
    asking = exchange(stream=True, stream_options={"include_usage": True})
    *texts, last, done = await told(asking, *blocks)

    assert [event["choices"][0]["text"] for event in texts] == ["One", ""]
    assert texts[-1]["choices"][0]["finish_reason"] == "stop"
    assert (last["choices"], last["usage"], done) == ([], USAGE, "[DONE]")
    assert all("usage" not in event for event in (await told(exchange(), *blocks))[:-1])


async def test_log_probabilities_side_by_side() -> None:
    made = exchange(logprobs=1, stream=True)
    first, second, _ = await told(made, chunk("acd", logprobs=TOKENS) * 2 + DONE)

    assert made.request.body["top_logprobs"] == 1
    assert first["choices"][0]["logprobs"] == {
        "tokens": ["a", "cd"],
        "token_logprobs": [-1, -3],
        "top_logprobs": [{"b": -2}, {}],
        "text_offset": [0, 1],
    }
    assert second["choices"][0]["logprobs"]["text_offset"] == [3, 4]


async def test_an_event_that_is_not_json_is_the_providers_error() -> None:
    with pytest.raises(UpstreamError):
        await told(exchange(), b"data: {\n\n")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no prompt": ({"prompt": None}, "prompt"),
    "several prompts": ({"prompt": ["a", "b"]}, "prompt"),
    "no prompt of many": ({"prompt": []}, "prompt"),
    "tokens": ({"prompt": [1, 2]}, "prompt"),
    "lists of tokens": ({"prompt": [[1, 2]]}, "prompt"),
    "a text too long": ({"prompt": "a" * 1_000_001}, "prompt"),
    "a gap": ({"suffix": "end"}, "suffix"),
    "an echo": ({"echo": True}, "echo"),
    "the best of many": ({"best_of": 3}, "best_of"),
    "a chat": ({"messages": [{"role": "user", "content": "Hi"}]}, "messages"),
    "a temperature of 2.1": ({"temperature": 2.1}, "temperature"),
    "too many log probabilities": ({"logprobs": 21}, "logprobs"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_chat_cannot_do_is_refused_by_its_name(name: str) -> None:
    fields, param = REFUSED[name]
    with pytest.raises(InvalidRequest) as caught:
        exchange(**fields)
    assert caught.value.param == param
