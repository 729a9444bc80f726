"""What a notebook may ask of a portal, wherever that runs."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Protocol, TypeVar

from aiportal.errors import PermissionDenied
from aiportal.notebook.pieces import Piece
from aiportal.notebook.table import Record
from aiportal.search import Found
from aiportal.tools import ToolOutcome
from aiportal.usage import GroupBy, UsageGroup, UsageRow

__all__ = [
    "Backend",
    "ConversationInfo",
    "MessageInfo",
    "ModelInfo",
    "ToolInfo",
    "ToolRequest",
    "must_agree",
    "record",
]

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that may be used now. Prices in USD for a million tokens."""

    id: str
    name: str
    context_window: int | None
    max_output_tokens: int | None
    capabilities: tuple[str, ...]
    input_per_million: float
    output_per_million: float
    is_default: bool
    description: str


@dataclass(frozen=True, slots=True)
class ConversationInfo:
    """A stored conversation without its messages."""

    id: str
    title: str
    model: str | None
    system_prompt: str
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class MessageInfo:
    """A message of a stored conversation; `parent_id` is the one that it follows."""

    id: str
    parent_id: str | None
    role: str
    content: str
    model: str | None
    status: str
    cost_usd: float | None
    created_at: str


@dataclass(frozen=True, slots=True)
class ToolInfo:
    """A tool that may be used now. parameters: JSON Schema of an object."""

    id: str
    name: str
    description: str
    requires_approval: bool
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """What a tool is run with. is_agreed: also if it asks before each run."""

    tool_id: str
    parameters: Mapping[str, Any]
    session: str | None = None
    timeout_s: float | None = None
    is_agreed: bool = False

    @property
    def timeout_ms(self) -> int | None:
        """As the portal wants it."""
        return None if self.timeout_s is None else round(self.timeout_s * 1000)


def must_agree(tool_id: str) -> PermissionDenied:
    """What a run is refused with that nobody has agreed to."""
    return PermissionDenied(f"{tool_id} asks before each run. Pass agree=True to run it.")


def record(kind: type[R], values: Mapping[str, Any]) -> R:
    """Build a record from those of the values that it has fields for."""
    return kind(**{field.name: values[field.name] for field in fields(kind)})


class Backend(Protocol):
    """One portal as one caller sees it. All of it runs on the background loop.

    Everything raises the portal's own errors, whether it is in this process or on another machine.
    """

    async def open(self) -> None:
        """Make ready for calls."""

    async def close(self) -> None:
        """Let go of everything that `open` took."""

    async def default_model(self) -> str:
        """The id of the model for callers that name none."""

    def chat(self, body: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        """One streamed call with this body of OpenAI's; closing the generator cancels it."""

    async def models(self) -> list[ModelInfo]:
        """The models that the caller may use now."""

    async def search(self, query: str, *, provider: str | None, max_results: int) -> Found:
        """Pages of the web."""

    async def tools(self) -> list[ToolInfo]:
        """The tools that the caller may use now."""

    async def run_tool(self, request: ToolRequest, files: Mapping[str, bytes]) -> ToolOutcome:
        """Run one, with files by name. Raises PermissionDenied where it asks and nobody agrees."""

    async def usage_rows(self, *, since: datetime | None, until: datetime | None) -> list[UsageRow]:
        """Calls, oldest first: the caller's own, or everybody's for an administrator."""

    async def usage_totals(
        self, group_by: GroupBy, *, since: datetime | None, until: datetime | None
    ) -> list[UsageGroup]:
        """Their sums."""

    async def conversations(self, *, q: str | None, limit: int) -> list[ConversationInfo]:
        """The caller's stored conversations, newest first."""

    async def conversation(self, conversation_id: str) -> ConversationInfo:
        """One of them. Raises NotFound."""

    async def create_conversation(
        self, *, title: str | None, model: str | None, system_prompt: str
    ) -> ConversationInfo:
        """A new, empty one."""

    async def messages(self, conversation_id: str) -> list[MessageInfo]:
        """The whole tree of messages, parents first."""

    def ask(self, conversation_id: str, body: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        """One turn: `content`, and `model` or `parameters`; closing the generator cancels it."""
