"""OpenAI's legacy Completions over Chat Completions: the prompt is asked as one user's message."""

import time
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aiportal.dialects.chat_chunk import chunk_of
from aiportal.dialects.exchange import openai_error_event
from aiportal.dialects.openai_chat import (
    ChatLimits,
    ChatRequest,
    ModelName,
    StreamOptions,
    invalid_field,
)
from aiportal.dialects.sse import DONE, data_of, encode, split_events
from aiportal.errors import InvalidRequest, PortalError
from aiportal.ids import new_id

__all__ = ["TextCompletion", "TextCompletionBody"]

# What a chat cannot do, in words for the caller. False, 0 and "" ask for nothing.
_NOT_HERE = {
    "suffix": "A model is asked by a chat here, which cannot fill a gap in a text.",
    "echo": "A model is asked by a chat here, which does not give the prompt back.",
    "messages": "They belong to /chat/completions. Here the question is said by `prompt`.",
    "tools": "They belong to /chat/completions.",
    "functions": "They belong to /chat/completions.",
}


class TextCompletionBody(BaseModel):
    """What the portal reads of a request; every other field travels on unchanged."""

    model_config = ConfigDict(extra="allow", strict=True)

    model: ModelName
    prompt: str | Annotated[list[str], Field(min_length=1, max_length=1)]
    logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    best_of: Annotated[int, Field(ge=1, le=1)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @classmethod
    def parse(cls, body: object) -> "TextCompletionBody":
        """Validate a decoded JSON body. Raises InvalidRequest that names the field at fault."""
        if not isinstance(body, dict):
            raise InvalidRequest("The body must be a JSON object with `model` and `prompt`.")
        for name, words in _NOT_HERE.items():
            if body.get(name):
                raise InvalidRequest(f"`{name}`: {words}", param=name)
        try:
            return cls.model_validate({k: v for k, v in body.items() if k not in _NOT_HERE})
        except ValidationError as error:
            finding = invalid_field(error)
            if (finding.param or "").startswith("prompt"):
                raise InvalidRequest(
                    "`prompt` is one text here. Send each text in a call of its own; tokens are "
                    "not taken.",
                    param="prompt",
                ) from error
            raise finding from error

    @property
    def text(self) -> str:
        """The prompt."""
        return self.prompt if isinstance(self.prompt, str) else self.prompt[0]


class TextCompletion:
    """See `aiportal.dialects.exchange.Exchange`."""

    def __init__(self, body: TextCompletionBody, limits: ChatLimits | None = None) -> None:
        self.request = _chat_request(body, limits)
        self._head = {
            "id": new_id("cmpl"),
            "object": "text_completion",
            "created": int(time.time()),
            "model": body.model,
        }
        self._told: dict[int, int] = {}  # characters that each choice has told so far

    async def answer(self, body: bytes) -> bytes:
        whole = orjson.loads(body)
        return orjson.dumps(self._translated(whole, "message") | {"usage": whole.get("usage")})

    async def events(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for block in chunks:
            events = [
                self._event(data) for event in split_events(block) if (data := data_of(event))
            ]
            if any(events):
                yield b"".join(events)

    def error_event(self, error: PortalError) -> bytes:
        return openai_error_event(error)

    def _event(self, data: bytes) -> bytes:
        if data == b"[DONE]":
            return DONE
        chunk = chunk_of(data)
        told = self._translated(chunk, "delta")
        if self.request.wants_usage:
            told["usage"] = chunk.get("usage")
        return encode(told) if told["choices"] or told.get("usage") else b""

    def _translated(self, chat: Mapping[str, Any], key: str) -> dict[str, Any]:
        choices = chat.get("choices")
        found = choices if isinstance(choices, list) else []
        return {
            **self._head,
            "choices": [self._choice(one, key) for one in found if isinstance(one, dict)],
        }

    def _choice(self, choice: Mapping[str, Any], key: str) -> dict[str, Any]:
        given = choice.get("index")
        index = given if isinstance(given, int) else 0
        said = choice.get(key)
        text = _text(said) if isinstance(said, Mapping) else ""
        start = self._told.get(index, 0)
        self._told[index] = start + len(text)
        return {
            "text": text,
            "index": index,
            "logprobs": _logprobs(choice.get("logprobs"), start),
            "finish_reason": choice.get("finish_reason"),
        }


def _chat_request(body: TextCompletionBody, limits: ChatLimits | None) -> ChatRequest:
    chat: dict[str, Any] = {"model": body.model, **(body.model_extra or {})}
    chat["messages"] = [{"role": "user", "content": body.text}]
    if body.stream is not None:
        chat["stream"] = body.stream
    if body.stream_options is not None:
        chat["stream_options"] = body.stream_options.model_dump(exclude_unset=True)
    if body.logprobs is not None:
        chat |= {"logprobs": True, "top_logprobs": body.logprobs}
    try:
        return ChatRequest.parse(chat, limits).without_portal_tools()
    except InvalidRequest as error:
        if not (error.param or "").startswith("messages"):
            raise
        raise InvalidRequest(error.message, param="prompt", code=error.code) from error


def _text(said: Mapping[str, Any]) -> str:
    texts = (said.get("content"), said.get("refusal"))
    return "".join(text for text in texts if isinstance(text, str))


def _logprobs(logprobs: object, start: int) -> dict[str, Any] | None:
    """Chat's list of tokens as the legacy lists side by side. start: where the first token begins."""
    content = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    if not isinstance(content, list):
        return None
    found: dict[str, list[Any]] = {
        "tokens": [],
        "token_logprobs": [],
        "top_logprobs": [],
        "text_offset": [],
    }
    for token in (one for one in content if isinstance(one, Mapping)):
        tops = token.get("top_logprobs") or ()
        found["tokens"].append(token.get("token"))
        found["token_logprobs"].append(token.get("logprob"))
        found["top_logprobs"].append(
            {str(top.get("token")): top.get("logprob") for top in tops if isinstance(top, Mapping)}
        )
        found["text_offset"].append(start)
        start += len(str(token.get("token")))
    return found
