"""Gemini's answers on the wire (`generateContent` and `streamGenerateContent?alt=sse`), for scripts."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.upstreams.answers import Answer, Step, event, plain, stream
from tests.upstreams.received import Received

__all__ = ["response", "responses_of", "says"]

USAGE = {"promptTokenCount": 11, "candidatesTokenCount": 3, "totalTokenCount": 14}


def response(
    *parts: str | Mapping[str, Any],
    finish: str | None = "STOP",
    usage: Mapping[str, Any] | None = USAGE,
) -> dict[str, Any]:
    """One response object with these parts; a string is a text part."""
    content = [{"text": part} if isinstance(part, str) else dict(part) for part in parts]
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": content}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    whole: dict[str, Any] = {"candidates": [candidate]}
    if usage is not None:
        whole["usageMetadata"] = dict(usage)
    return whole | {"modelVersion": "gemini-2.5-flash", "responseId": "resp-1"}


def responses_of(whole: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The responses that one is streamed as: a part each, finish and usage with the last."""
    candidate = whole["candidates"][0]
    parts = candidate["content"]["parts"]
    finish = candidate["finishReason"]
    streamed = [response(part, finish=None, usage=None) for part in parts[:-1]]
    return [*streamed, response(*parts[-1:], finish=finish, usage=whole["usageMetadata"])]


def says(whole: Mapping[str, Any]) -> Answer:
    """This response, streamed or in one body as the request's address asks."""

    def answer(request: Received) -> Sequence[Step]:
        if "alt=sse" in request.path:
            return stream(*(event(each) for each in responses_of(whole)))(request)
        return plain(json.dumps(whole).encode())(request)

    return answer
