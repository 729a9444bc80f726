"""What the fake provider says to the clients."""

import json
from collections.abc import Sequence

from tests.upstreams import (
    DONE,
    Received,
    Step,
    Upstream,
    chunk,
    error,
    event,
    plain,
    stream,
    text,
    usage_chunk,
)
from tests.upstreams.anthropic import message, says
from tests.upstreams.scripted import ScriptedUpstream

__all__ = ["MODELS", "native", "script"]

MODELS = ("fast", "caller", "refusing")
USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
ARGUMENTS = '{"city": "Paris"}'


def script(upstream: Upstream) -> None:
    """Let it answer as `checks` has it."""
    upstream.answer("fast", text())
    upstream.answer("caller", _tool_call)
    upstream.answer("refusing", error(400, "too hot", code="bad_heat", param="temperature"))


def native() -> ScriptedUpstream:
    """A provider of Anthropic's dialect, not yet running."""
    blocks = (
        {"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmVk"},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
        "Hello from the upstream.",
    )
    return ScriptedUpstream(says(message(*blocks, usage={"input_tokens": 9, "output_tokens": 4})))


def _tool_call(request: Received) -> Sequence[Step]:
    """A call of the first tool; once its result is there, an answer."""
    if request.json["messages"][-1]["role"] == "tool":
        return text("It is 21 degrees.")(request)
    name = request.json["tools"][0]["function"]["name"]
    return (_streamed_call if request.is_stream else _whole_call)(request, name)


def _whole_call(request: Received, name: str) -> Sequence[Step]:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": name, "arguments": ARGUMENTS},
    }
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": USAGE,
    }
    return plain(json.dumps(body).encode())(request)


def _streamed_call(request: Received, name: str) -> Sequence[Step]:
    first = {
        "index": 0,
        "id": "call_1",
        "type": "function",
        "function": {"name": name, "arguments": ""},
    }
    pieces = [first] + [{"index": 0, "function": {"arguments": part}} for part in _parts()]
    steps = [_delta({"role": "assistant", "content": None})]
    steps += [_delta({"tool_calls": [piece]}) for piece in pieces]
    steps += [chunk(finish="tool_calls"), usage_chunk(USAGE), DONE]
    return stream(*steps)(request)


def _parts() -> list[str]:
    """The arguments, cut within words."""
    return [ARGUMENTS[start : start + 5] for start in range(0, len(ARGUMENTS), 5)]


def _delta(delta: dict[str, object]) -> bytes:
    return event(
        {
            "id": "chatcmpl-fake",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": "fast",
            "choices": [{"index": 0, "delta": delta, "finish_reason": None}],
        }
    )
