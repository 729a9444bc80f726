"""Our own JSON: what an export of a conversation holds, here or on another portal."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from aiportal.chat.attached import attached_line
from aiportal.chat.conversation import MAX_MODEL_CHARS
from aiportal.chat.export import OWN_FORMAT, OWN_VERSION
from aiportal.chat.imports.foreign import (
    MAX_MESSAGES,
    ForeignConversation,
    ForeignMessage,
    quoted,
)
from aiportal.chat.imports.moments import moment_text
from aiportal.chat.messages import Failure
from aiportal.chat.parameters import conversation_parameters
from aiportal.chat.tool_use import ToolUse
from aiportal.chat.web.findings import Findings
from aiportal.dialects.openai_chat import invalid_field
from aiportal.errors import InvalidRequest
from aiportal.events import SourceFound, UsageReported, WebSearched

__all__ = ["from_own", "is_own"]

MAX_FAILURE_CHARS: Final = 10_000
MAX_PARAMETERS: Final = 100
MAX_TOOL_CALLS: Final = 1_000  # of one message
MAX_SOURCES: Final = 100  # of one message
MAX_SOURCE_CHARS: Final = 5_000
MAX_TOKENS: Final = 2**53
MAX_COST_USD: Final = 1e9

Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ShortText = Annotated[str, StringConstraints(max_length=200)]
ModelId = Annotated[str, StringConstraints(max_length=MAX_MODEL_CHARS)]
Tokens = Annotated[int, Field(ge=0, le=MAX_TOKENS)]
Amount = Annotated[float, Field(ge=0, le=MAX_COST_USD)]


class _Strict(BaseModel):
    """What newer portals may write beside it is left out."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


class _Usage(_Strict):
    request_id: ShortText
    model: ShortText
    deployment: ShortText
    prompt_tokens: Tokens
    completion_tokens: Tokens
    cost_usd: Amount
    is_estimated: bool
    ttft_ms: Amount | None
    latency_ms: Amount
    cached_tokens: Tokens = 0
    reasoning_tokens: Tokens = 0


class _Failure(_Strict):
    message: Annotated[str, StringConstraints(max_length=MAX_FAILURE_CHARS)]
    code: ShortText | None
    type: ShortText


class _Artifact(_Strict):
    name: Annotated[str, StringConstraints(max_length=300)]
    mime: ShortText
    size_bytes: Annotated[int, Field(ge=0, le=MAX_TOKENS)]


class _ToolUse(_Strict):
    call_id: ShortText
    tool_id: ShortText
    tool_name: ShortText
    arguments: Any
    at: Annotated[int, Field(ge=0, le=MAX_TOKENS)]
    status: Literal["running", "done", "failed", "cancelled", "interrupted"]
    result: Any = None
    error: Annotated[str, StringConstraints(max_length=MAX_FAILURE_CHARS)] | None = None
    duration_ms: Amount | None = None
    error_type: ShortText | None = None
    stdout: str | None = None
    stderr: str | None = None
    is_truncated: bool | None = None
    artifacts: Annotated[list[_Artifact], Field(max_length=100)] = []


class _Source(_Strict):
    title: Annotated[str, StringConstraints(max_length=MAX_SOURCE_CHARS)]
    url: Annotated[
        str, StringConstraints(max_length=MAX_SOURCE_CHARS, pattern=r"^https?://[^\s]+$")
    ]
    snippet: Annotated[str, StringConstraints(max_length=MAX_SOURCE_CHARS)] = ""


class _Search(_Strict):
    query: Annotated[str, StringConstraints(max_length=MAX_SOURCE_CHARS)]
    provider: ShortText = ""
    note: Annotated[str, StringConstraints(max_length=MAX_FAILURE_CHARS)] | None = None


class _Attached(_Strict):
    name: Annotated[str, StringConstraints(max_length=300)]


class _Message(_Strict):
    id: Id
    parent_id: Id | None
    role: Literal["user", "assistant"]
    content: str
    reasoning: str = ""
    model: ModelId | None = None
    status: Literal["done", "running", "interrupted", "cancelled", "error"] = "done"
    finish_reason: ShortText | None = None
    usage: _Usage | None = None
    cost_usd: Amount | None = None
    error: _Failure | None = None
    created_at: str | None = None
    attachments: Annotated[list[_Attached], Field(max_length=100)] = []
    tool_calls: Annotated[list[_ToolUse], Field(max_length=MAX_TOOL_CALLS)] = []
    web_search: _Search | None = None
    sources: Annotated[list[_Source], Field(max_length=MAX_SOURCES)] = []


class _Conversation(_Strict):
    version: int
    id: Id
    title: str = ""
    model: ModelId | None = None
    system_prompt: str = ""
    parameters: dict[str, Any] = {}
    created_at: str | None = None
    updated_at: str | None = None
    web_search: bool = False
    messages: list[_Message]


def is_own(value: object) -> bool:
    """Whether a file's item has this shape."""
    return isinstance(value, dict) and value.get("format") == OWN_FORMAT


def from_own(value: Mapping[str, Any]) -> ForeignConversation:
    """Raises InvalidRequest that names the field at fault."""
    if value.get("version") != OWN_VERSION:
        raise InvalidRequest(
            f"It has the version {quoted(value.get('version'))}; this portal reads {OWN_VERSION}."
        )
    _check_counts(value)
    try:
        found = _Conversation.model_validate(value)
    except ValidationError as error:
        raise invalid_field(error) from error
    _check_order(found.messages)
    return ForeignConversation(
        source="aiportal",
        foreign_id=found.id,
        title=found.title,
        messages=[_message(message) for message in found.messages],
        model=found.model or None,
        system_prompt=found.system_prompt,
        parameters=conversation_parameters(found.parameters),
        created_at=moment_text(found.created_at),
        updated_at=moment_text(found.updated_at),
        web_search=found.web_search,
    )


def _check_counts(value: Mapping[str, Any]) -> None:
    """Before the validation, which notes a finding for each field of each message."""
    for name, limit in (("messages", MAX_MESSAGES), ("parameters", MAX_PARAMETERS)):
        count = len(value[name]) if isinstance(value.get(name), list | dict) else 0
        if count > limit:
            raise InvalidRequest(f"It has {count:,} {name}; at most {limit:,} are taken.")


def _check_order(messages: list[_Message]) -> None:
    """Each message follows an earlier one or none, so that they are trees."""
    seen: set[str] = set()
    for message in messages:
        if message.id in seen:
            raise InvalidRequest(f"Two of its messages have the id {quoted(message.id)}.")
        if message.parent_id is not None and message.parent_id not in seen:
            raise InvalidRequest(
                f"The message {quoted(message.id)} follows {quoted(message.parent_id)}, "
                "which does not stand before it."
            )
        seen.add(message.id)


def _message(found: _Message) -> ForeignMessage:
    """An answer that was being written when it was exported has been interrupted for good.

    Files do not come with the text: their names stay in it.
    """
    files = attached_line([file.name for file in found.attachments])
    return ForeignMessage(
        id=found.id,
        parent_id=found.parent_id,
        role=found.role,
        content="\n\n".join(filter(None, (files, found.content))),
        reasoning=found.reasoning,
        model=found.model,
        status="interrupted" if found.status == "running" else found.status,
        finish_reason=found.finish_reason,
        usage=None if found.usage is None else UsageReported(**found.usage.model_dump()),
        cost_usd=found.cost_usd,
        error=None if found.error is None else Failure(**found.error.model_dump()),
        created_at=moment_text(found.created_at),
        tool_calls=tuple(map(_use, found.tool_calls)),
        findings=_findings(found),
    )


def _findings(found: _Message) -> Findings:
    """Sources are cited by their place."""
    search = found.web_search
    if search is None:
        return Findings()
    sources = enumerate(found.sources, start=1)
    return Findings(
        WebSearched(search.query, search.provider, search.note),
        tuple(SourceFound(number, one.title, one.url, one.snippet) for number, one in sources),
    )


def _use(found: _ToolUse) -> ToolUse:
    """The files of a tool do not come with the text: their names stay."""
    fields = found.model_dump()
    texts = {name: fields[name] or "" for name in ("stdout", "stderr")}
    return ToolUse.from_json(
        fields
        | texts
        | {
            "approval_id": None,
            "duration_ms": fields["duration_ms"] or 0.0,
            "is_truncated": bool(fields["is_truncated"]),
        }
    )
