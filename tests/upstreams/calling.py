"""Answers that call functions, streamed in pieces or whole as the request asks."""

import json
from collections.abc import Sequence
from typing import Any

from tests.upstreams import answers
from tests.upstreams.answers import Answer
from tests.upstreams.received import Received

__all__ = ["call", "calling"]


def call(name: str, id_: str, *, index: int = 0, **arguments: Any) -> dict[str, Any]:
    """One call of a function."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"index": index, "id": id_, "type": "function", "function": function}


def calling(*calls: dict[str, Any], text: str = "") -> Answer:
    """An answer with these calls; streamed, the arguments of each come in two pieces."""

    def answer(request: Received) -> Sequence[answers.Step]:
        if not request.is_stream:
            message = {"role": "assistant", "content": text or None, "tool_calls": list(calls)}
            choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
            body = {"id": "x", "object": "chat.completion", "created": 1, "model": "fast"}
            whole = body | {"choices": [choice], "usage": dict(answers.USAGE)}
            return answers.plain(json.dumps(whole).encode())(request)
        pieces = [answers.chunk(text)] if text else []
        for one in calls:
            function = one["function"]
            rest = {"index": one["index"], "function": {"arguments": function["arguments"][5:]}}
            first = one | {"function": function | {"arguments": function["arguments"][:5]}}
            pieces += [_delta(first), _delta(rest)]
        pieces += [answers.chunk(finish="tool_calls"), answers.usage_chunk(), answers.DONE]
        return answers.stream(*pieces)(request)

    return answer


def _delta(piece: dict[str, Any]) -> bytes:
    choice = {"index": 0, "delta": {"tool_calls": [piece]}, "finish_reason": None}
    return answers.event({"id": "other", "object": "chat.completion.chunk", "choices": [choice]})
