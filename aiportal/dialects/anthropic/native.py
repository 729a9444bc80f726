"""A message for a provider that speaks Anthropic's dialect itself: checked lightly, never translated.

What the portal does not know travels on, so a caller has all that the provider offers: its tools, its
betas, its new blocks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aiportal.dialects.anthropic.content import blocks_of, texts_of, without_own_thinking
from aiportal.dialects.anthropic.headers import CallersHeaders
from aiportal.dialects.objects import MAX_OBJECTS, check_objects
from aiportal.dialects.openai_chat import ChatLimits, ModelName, invalid_field
from aiportal.dialects.operations import (
    COUNT_TOKENS,
    MESSAGES,
    NO_HEADERS,
    FilePart,
    Operation,
)
from aiportal.dialects.whole_request import check_lengths
from aiportal.errors import InvalidRequest

__all__ = ["NativeRequest", "model_of"]

_ATTACHMENTS = frozenset({"image", "document"})
# Documents that are read as texts, and counted as such.
_TEXT_SOURCES = frozenset({"text", "content"})


class _ModelBody(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    model: ModelName


class _CountBody(_ModelBody):
    messages: Annotated[list[dict[str, Any]], Field(min_length=1)]
    system: str | list[dict[str, Any]] | None = None
    max_tokens: Annotated[int, Field(ge=0)] | None = None
    stream: bool | None = None


class _MessagesBody(_CountBody):
    max_tokens: Annotated[int, Field(ge=0)]


def model_of(body: object) -> str:
    """The model that a body asks for. Raises InvalidRequest."""
    try:
        return _ModelBody.model_validate(_object(body)).model
    except ValidationError as error:
        raise invalid_field(error) from error


@dataclass(frozen=True, slots=True)
class NativeRequest:
    """A validated request. `body` is the caller's JSON object and is never changed.

    chars: those of all texts that go in.
    """

    operation: Operation
    model: str
    is_stream: bool
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    chars: int

    @property
    def wants_usage(self) -> bool:
        return True

    @property
    def files(self) -> tuple[FilePart, ...]:
        return ()

    @classmethod
    def parse(
        cls, body: object, headers: CallersHeaders, limits: ChatLimits, *, is_count: bool = False
    ) -> Self:
        """is_count: its tokens are to be counted, no more. Raises InvalidRequest that names the field
        at fault."""
        body = _object(body)
        messages = body.get("messages")
        if isinstance(messages, list) and len(messages) > limits.max_messages:
            raise InvalidRequest(
                f"There are {len(messages)} messages; at most {limits.max_messages} are taken. "
                "Send fewer, or raise `limits.maxMessages` in model_config/config.json.",
                param="messages",
            )
        check_objects(messages, param="messages", limit=MAX_OBJECTS + limits.max_messages)
        check_objects(body.get("system"), param="system")
        try:
            checked = (_CountBody if is_count else _MessagesBody).model_validate(body)
        except ValidationError as error:
            raise invalid_field(error) from error
        chars = _checked_content(body, limits)
        kept = without_own_thinking(body["messages"])
        return cls(
            operation=COUNT_TOKENS if is_count else MESSAGES,
            model=checked.model,
            is_stream=bool(checked.stream),
            body=body if kept is body["messages"] else {**body, "messages": kept},
            headers=headers.checked() or NO_HEADERS,
            chars=chars,
        )

    def prompt_chars(self) -> int:
        """Characters of all texts that go in, for estimates."""
        return self.chars

    def structure_chars(self) -> int:
        """Characters of what a model reads besides the texts: tools, and the inputs of calls."""
        read = [block["input"] for block in self._blocks() if block.get("input")]
        return sum(_json_chars(value) for value in (self.body.get("tools"), *read) if value)

    def attachments(self) -> int:
        """How many pictures and files go in."""
        return sum(
            block.get("type") in _ATTACHMENTS and _is_file(block) for block in self._blocks()
        )

    def _blocks(self) -> Iterator[dict[str, Any]]:
        return (
            block
            for message in self.body["messages"]
            for block in blocks_of(message.get("content"))
        )


def _object(body: object) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object with `model` and `messages`.")
    return body


def _checked_content(body: Mapping[str, Any], limits: ChatLimits) -> int:
    """The characters of all texts. Raises InvalidRequest."""
    chars = check_lengths(texts_of(body.get("system")), limits.max_content_chars, param="system")
    for index, message in enumerate(body["messages"]):
        content, param = message.get("content"), f"messages.{index}.content"
        chars += check_lengths(texts_of(content), limits.max_content_chars, param=param)
        for block in blocks_of(content):
            if block.get("type") == "url":
                _check_address(block.get("url"), param)
    servers = body.get("mcp_servers")
    for index, server in enumerate(servers if isinstance(servers, list) else ()):
        _check_address(
            server.get("url") if isinstance(server, dict) else None, f"mcp_servers.{index}"
        )
    return chars


def _check_address(url: object, param: str) -> None:
    """The provider fetches it, and may stand in the portal's own network, where much is open to `http`."""
    if isinstance(url, str) and not url.startswith("https://"):
        raise InvalidRequest(
            f"An address in `{param}` does not begin with https://, and no other is fetched. Send "
            "pictures and files in the request, as base64.",
            param=param,
        )


def _is_file(block: Mapping[str, Any]) -> bool:
    source = block.get("source")
    return not (isinstance(source, dict) and source.get("type") in _TEXT_SOURCES)


def _json_chars(value: object) -> int:
    try:
        return len(orjson.dumps(value))
    except orjson.JSONEncodeError as error:
        raise InvalidRequest("The body is nested too deeply; 254 levels are taken.") from error
