"""OpenAI's Chat Completions: the request as callers send it, answers and streams as upstreams do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from aiportal.dialects.objects import MAX_OBJECTS, check_objects
from aiportal.dialects.operations import CHAT, NO_HEADERS, FilePart, Operation
from aiportal.dialects.portal_tools import PortalTools
from aiportal.errors import InvalidRequest

__all__ = [
    "ChatBody",
    "ChatLimits",
    "ChatRequest",
    "ContentPart",
    "Message",
    "ModelName",
    "StreamOptions",
    "invalid_field",
    "loads_object",
]

ModelName = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._:/@-]+$")
]
PartType = Literal["text", "image_url", "input_audio", "file", "refusal", "video_url", "thinking"]


@dataclass(frozen=True, slots=True)
class ChatLimits:
    """Bounds of one request, from `model_config/config.json`."""

    max_body_bytes: int = 32 * 1024 * 1024
    max_messages: int = 1_000
    max_content_chars: int = 1_000_000


class _Wire(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class ContentPart(_Wire):
    """One part of a message; keys that are not named here travel on."""

    type: PartType
    text: str | None = None


class Message(_Wire):
    """One message; `content` may be absent, as on an assistant's tool calls."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None = None


class StreamOptions(_Wire):
    include_usage: bool | None = None


class ChatBody(_Wire):
    """What the portal reads of a request; every other field travels on unchanged."""

    model: ModelName
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    max_tokens: Annotated[int, Field(ge=0)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=0)] | None = None
    tools: list[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A validated request. `body` is the caller's JSON object and is never changed.

    portal_tools: what it says of them, which is then not in the body; None for nothing.
    """

    model: str
    is_stream: bool
    wants_usage: bool
    body: Mapping[str, Any]
    portal_tools: PortalTools | None = None

    @property
    def operation(self) -> Operation:
        return CHAT

    @property
    def files(self) -> tuple[FilePart, ...]:
        return ()

    @property
    def headers(self) -> Mapping[str, str]:
        return NO_HEADERS

    @classmethod
    def parse(cls, body: object, limits: ChatLimits | None = None) -> Self:
        """Validate a decoded JSON body. Raises InvalidRequest that names the field at fault."""
        limits = limits or ChatLimits()
        if not isinstance(body, dict):
            raise InvalidRequest("The body must be a JSON object with `model` and `messages`.")
        portal_tools = None
        if "web_search" in body or isinstance(body.get("tools"), dict):
            body, portal_tools = _without_own_fields(body)
        messages = body.get("messages")
        if isinstance(messages, list) and len(messages) > limits.max_messages:
            raise InvalidRequest(
                f"There are {len(messages)} messages; at most {limits.max_messages} are taken. "
                "Send fewer, or raise `limits.maxMessages` in model_config/config.json.",
                param="messages",
            )
        check_objects(messages, param="messages", limit=MAX_OBJECTS + limits.max_messages)
        try:
            chat = ChatBody.model_validate(body)
        except ValidationError as error:
            raise invalid_field(error) from error
        for index, message in enumerate(chat.messages):
            _check_length(message, index, limits.max_content_chars)
        options = chat.stream_options
        return cls(
            model=chat.model,
            is_stream=bool(chat.stream),
            wants_usage=options is not None and bool(options.include_usage),
            body=body,
            portal_tools=portal_tools,
        )

    def without_portal_tools(self) -> Self:
        """The request of a dialect that has no word for them."""
        return replace(self, portal_tools=PortalTools(is_enabled=False))

    def prompt_chars(self) -> int:
        """Characters of all texts in the messages, for estimates."""
        return sum(_text_length(message.get("content")) for message in self.body["messages"])


def _without_own_fields(body: dict[str, Any]) -> tuple[dict[str, Any], PortalTools | None]:
    """The body without the portal's own additions, which no upstream knows, and the tools asked for.

    Raises InvalidRequest where one asks for what this version cannot do yet.
    """
    if body.get("web_search"):
        raise InvalidRequest(
            "This version of the portal cannot yet do what `web_search` asks for. Leave it out.",
            param="web_search",
        )
    tools = body.get("tools")
    if not isinstance(tools, dict):
        return {name: value for name, value in body.items() if name != "web_search"}, None
    asked = PortalTools.parse(tools)
    if asked.is_enabled and body.get("n") not in (None, 1):
        raise InvalidRequest(
            "With the portal's tools there is one answer: leave `n` out, or set it to 1.", param="n"
        )
    own = {"web_search", "tools"} if asked.is_enabled else {"web_search", "tools", "tool_choice"}
    return {name: value for name, value in body.items() if name not in own}, asked


def _check_length(message: Message, index: int, max_chars: int) -> None:
    content = message.content
    if isinstance(content, str):
        is_too_long = len(content) > max_chars
    else:
        is_too_long = any(len(part.text or "") > max_chars for part in content or ())
    if is_too_long:
        raise InvalidRequest(
            f"A text is longer than {max_chars} characters. Split it into several parts.",
            param=f"messages.{index}.content",
        )


def _text_length(content: object) -> int:
    if isinstance(content, str):
        return len(content)
    if isinstance(content, list):
        return sum(len(part.get("text") or "") for part in content if isinstance(part, dict))
    return 0


def invalid_field(error: ValidationError) -> InvalidRequest:
    """The most telling finding of pydantic as an error of ours, without echoing the caller's values."""
    findings = error.errors(include_url=False, include_input=False, include_context=False)
    # Of a union's branches the one that got furthest is the one that the caller meant.
    first = max(findings, key=lambda finding: len(finding["loc"]))
    path = ".".join(str(step) for step in first["loc"] if not _is_union_branch(step))
    where = f"`{path}`" if path else "The body"
    return InvalidRequest(f"{where} is not valid: {first['msg']}.", param=path or None)


_UNION_BRANCHES = frozenset({"str", "constrained-str", "float", "int", "constrained-int", "none"})


def _is_union_branch(step: str | int) -> bool:
    return isinstance(step, str) and ("[" in step or step in _UNION_BRANCHES)


def loads_object(data: bytes | bytearray | memoryview) -> object:
    """Decode a JSON body. Raises InvalidRequest for what is not JSON (NaN and bad UTF-8 included)."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(
            f"The body is not valid JSON: {error.msg} at line {error.lineno}, "
            f"column {error.colno}. Send one JSON object in UTF-8."
        ) from error
