"""The request of `/v1/messages`: what the portal reads of it. Fields that it does not know are ignored."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from aiportal.dialects.objects import check_objects
from aiportal.dialects.openai_chat import ModelName, invalid_field
from aiportal.errors import InvalidRequest

__all__ = [
    "THREAD_UNSUPPORTED",
    "AnyBlock",
    "Base64Source",
    "ContentSource",
    "CountBody",
    "DocumentBlock",
    "ImageBlock",
    "Message",
    "MessagesBody",
    "Metadata",
    "OutputConfig",
    "OutputFormat",
    "RedactedThinkingBlock",
    "SearchResultBlock",
    "TextBlock",
    "TextSource",
    "ThinkingBlock",
    "ThinkingConfig",
    "Tool",
    "ToolChoice",
    "ToolResultBlock",
    "ToolUseBlock",
    "UrlSource",
    "parse_count",
    "parse_messages",
]


MAX_DEPTH = 200
# Anthropic's word, at which its clients go on by sending the whole conversation.
THREAD_UNSUPPORTED = "thread_unsupported_request"
# Ignored, each of these would give an answer to another question than was asked.
_ONLY_AT_ANTHROPIC = ("thread", "mcp_servers", "container")


def _branch(value: Any) -> str:
    """Of a union the branch that a block's `type` names. In brackets, so that no error shows it."""
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return f"[{kind}]"


def _one_of(kinds: str) -> Discriminator:
    return Discriminator(
        _branch,
        custom_error_type="unknown_kind",
        custom_error_message=f"its type must be one of {kinds}",
    )


def _not_too_deep(value: dict[str, Any]) -> dict[str, Any]:
    """What is nested deeper could be read, but not written to an upstream."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return value
    raise PydanticCustomError("too_deep", "it is nested too deep")


JsonObject = Annotated[dict[str, Any], AfterValidator(_not_too_deep)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Block(_Wire):
    cache_control: JsonObject | None = None


class Base64Source(_Wire):
    type: Literal["base64"]
    media_type: str
    data: str


class UrlSource(_Wire):
    type: Literal["url"]
    url: str


class TextSource(_Wire):
    """A document that is plain text."""

    type: Literal["text"]
    data: str


class TextBlock(_Block):
    type: Literal["text"]
    text: str


class ImageBlock(_Block):
    type: Literal["image"]
    source: Annotated[
        Annotated[Base64Source, Tag("[base64]")] | Annotated[UrlSource, Tag("[url]")],
        _one_of("base64 and url; the portal keeps no files"),
    ]


class ContentSource(_Wire):
    """A document made of blocks."""

    type: Literal["content"]
    content: (
        str
        | list[
            Annotated[
                Annotated[TextBlock, Tag("[text]")] | Annotated[ImageBlock, Tag("[image]")],
                _one_of("text and image"),
            ]
        ]
    )


class DocumentBlock(_Block):
    type: Literal["document"]
    source: Annotated[
        Annotated[Base64Source, Tag("[base64]")]
        | Annotated[UrlSource, Tag("[url]")]
        | Annotated[TextSource, Tag("[text]")]
        | Annotated[ContentSource, Tag("[content]")],
        _one_of("base64, url, text and content; the portal keeps no files"),
    ]
    title: str | None = None
    context: str | None = None


class SearchResultBlock(_Block):
    type: Literal["search_result"]
    source: str
    title: str
    content: list[TextBlock]


class ThinkingBlock(_Block):
    type: Literal["thinking"]
    thinking: str
    signature: str = ""


class RedactedThinkingBlock(_Block):
    type: Literal["redacted_thinking"]
    data: str


class ToolUseBlock(_Block):
    type: Literal["tool_use"]
    id: str
    name: str
    input: JsonObject


ResultBlock = Annotated[
    Annotated[TextBlock, Tag("[text]")]
    | Annotated[ImageBlock, Tag("[image]")]
    | Annotated[DocumentBlock, Tag("[document]")]
    | Annotated[SearchResultBlock, Tag("[search_result]")],
    _one_of("text, image, document and search_result"),
]


class ToolResultBlock(_Block):
    type: Literal["tool_result"]
    tool_use_id: str
    content: str | list[ResultBlock] | None = None
    is_error: bool | None = None


AnyBlock = Annotated[
    Annotated[TextBlock, Tag("[text]")]
    | Annotated[ImageBlock, Tag("[image]")]
    | Annotated[DocumentBlock, Tag("[document]")]
    | Annotated[SearchResultBlock, Tag("[search_result]")]
    | Annotated[ThinkingBlock, Tag("[thinking]")]
    | Annotated[RedactedThinkingBlock, Tag("[redacted_thinking]")]
    | Annotated[ToolUseBlock, Tag("[tool_use]")]
    | Annotated[ToolResultBlock, Tag("[tool_result]")],
    _one_of(
        "text, image, document, search_result, thinking, redacted_thinking, tool_use and "
        "tool_result"
    ),
]


class Message(_Wire):
    role: Literal["user", "assistant", "system"]
    content: str | list[AnyBlock]


class Tool(_Block):
    """A tool of the caller's own. Those that Anthropic runs have a `type` and no schema."""

    type: str | None = None
    name: str
    description: str | None = None
    input_schema: JsonObject | None = None
    strict: bool | None = None


class ToolChoice(_Wire):
    """`name`: of the tool, where `type` is `tool`."""

    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class ThinkingConfig(_Wire):
    type: Literal["enabled", "disabled", "adaptive", "between_tools"]
    budget_tokens: Annotated[int, Field(ge=1)] | None = None
    display: str | None = None


class OutputFormat(_Wire):
    type: Literal["json_schema"]
    schema_: Annotated[JsonObject, Field(alias="schema")]


class OutputConfig(_Wire):
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: OutputFormat | None = None


class Metadata(_Wire):
    user_id: str | None = None


class CountBody(_Wire):
    """The body of `/v1/messages/count_tokens`."""

    model: ModelName
    messages: Annotated[list[Message], Field(min_length=1)]
    system: str | list[TextBlock] | None = None
    max_tokens: Annotated[int, Field(ge=0)] | None = None
    stream: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: Annotated[int, Field(ge=0)] | None = None
    stop_sequences: list[str] | None = None
    metadata: Metadata | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    thinking: ThinkingConfig | None = None
    output_config: OutputConfig | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None


class MessagesBody(CountBody):
    """The body of `/v1/messages`."""

    max_tokens: Annotated[int, Field(ge=0)]


_Body = TypeVar("_Body", bound=CountBody)


def parse_messages(body: object) -> MessagesBody:
    """Validate a decoded JSON body. Raises InvalidRequest that names the field at fault."""
    return _parsed(MessagesBody, body)


def parse_count(body: object) -> CountBody:
    """As `parse_messages`, without need of `max_tokens`."""
    return _parsed(CountBody, body)


def _parsed(kind: type[_Body], body: object) -> _Body:
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object with `model` and `messages`.")
    for name in _ONLY_AT_ANTHROPIC:
        if body.get(name):
            raise InvalidRequest(
                f"`{name}` needs what only Anthropic keeps or runs. Leave it out, and send the "
                "whole conversation and tools of your own.",
                param=name,
                code=THREAD_UNSUPPORTED if name == "thread" else None,
            )
    check_objects(body.get("messages"), param="messages")
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise invalid_field(error) from error
