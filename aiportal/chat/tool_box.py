"""What the turn loop needs of the portal's tools, and which of them a call may use."""

from collections.abc import Sequence
from typing import Any, Protocol

from aiportal.dialects.openai_chat import ChatRequest
from aiportal.dialects.portal_tools import PortalTools
from aiportal.errors import ToolNotFound
from aiportal.principal import Principal
from aiportal.registry import Model
from aiportal.tools import OfferedTool, ToolOutcome
from aiportal.usage import Door

__all__ = ["PendingApproval", "ToolBox", "tells_calls", "tools_for", "wish_of"]


class PendingApproval(Protocol):
    """A call that waits for a person."""

    @property
    def id(self) -> str: ...

    async def outcome(self) -> ToolOutcome:
        """How the call ended once a person had decided, or nobody in time."""


class ToolBox(Protocol):
    """The registry of tools, as the loop sees it."""

    def offered(
        self, principal: Principal, model_id: str | None = None
    ) -> Sequence[OfferedTool]: ...

    async def execute(
        self,
        principal: Principal,
        tool_id: str,
        parameters: Any,
        *,
        source: Door,
        model_id: str | None = None,
    ) -> ToolOutcome | PendingApproval: ...


def wish_of(model: Model, request: ChatRequest) -> PortalTools | None:
    """Which tools of the portal's a call is to have: its own word, else the custom model's.

    None for none, as for a caller with functions of their own.
    """
    if request.portal_tools is not None:
        return request.portal_tools if request.portal_tools.is_enabled else None
    if model.tools and "tools" not in request.body:
        return PortalTools(allowed=model.tools)
    return None


def tools_for(
    box: ToolBox, principal: Principal, model: Model, wish: PortalTools, *, is_asked: bool
) -> tuple[OfferedTool, ...]:
    """The tools that the caller and the model may use, of those that are wanted.

    is_asked: the caller named them: then raises ToolNotFound for one that is not there. Of a custom
    model's own those that are missing are left out.
    """
    offered = {tool.id: tool for tool in box.offered(principal, model.id)}
    if wish.allowed is None:
        return tuple(offered.values())
    missing = [one for one in wish.allowed if one not in offered]
    if missing and is_asked:
        known = ", ".join(sorted(offered)) or "none"
        raise ToolNotFound(
            f"There is no tool {missing[0]!r} that you and the model {model.id!r} may use now. "
            f"There are: {known}.",
            param="tools.allowedTools",
        )
    return tuple(offered[one] for one in wish.allowed if one in offered)


def tells_calls(model: Model, tools: PortalTools | None) -> bool:
    """Whether a model is sent the calls of earlier answers as what they were.

    It has to know functions; and where it gets none this time, translators to other dialects than
    OpenAI's refuse a conversation that holds calls.
    """
    has_tools = bool(model.tools) if tools is None else tools.is_enabled
    is_openai = all(one.dialect == "openai" for one in model.deployments)
    return model.calls_functions and (has_tools or is_openai)
