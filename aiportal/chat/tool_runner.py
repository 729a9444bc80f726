"""Runs the calls of one round: at once, bounded, and ended with who wanted them."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Final

from aiportal.chat.tool_box import PendingApproval, ToolBox
from aiportal.chat.tool_calls import WantedCall
from aiportal.chat.tool_results import failed, returned_of
from aiportal.errors import InvalidRequest, PermissionDenied, PortalError, ToolNotFound
from aiportal.events import ToolCalled, ToolReturned
from aiportal.principal import Principal
from aiportal.tools import OfferedTool, ToolOutcome
from aiportal.usage import Door

__all__ = ["ToolRunner"]

MAX_AT_ONCE: Final = 4  # calls of one answer
_NO_ONE_TO_ASK: Final = (
    "This tool needs a person's approval, which a call that is answered in one piece cannot wait "
    "for. Set `stream` to true, or ask in a conversation."
)

logger = logging.getLogger(__name__)


class ToolRunner:
    """On behalf of one caller, with the tools that are allowed.

    can_wait: whether somebody sees what a person has to agree to; else such calls are refused.
    """

    def __init__(
        self,
        box: ToolBox,
        principal: Principal,
        tools: Sequence[OfferedTool],
        *,
        source: Door,
        model_id: str,
        can_wait: bool,
    ) -> None:
        self._box = box
        self._principal = principal
        self._tools = {tool.function_name: tool for tool in tools}
        self._source = source
        self._model_id = model_id
        self._can_wait = can_wait

    async def events(
        self, calls: Sequence[WantedCall]
    ) -> AsyncGenerator[ToolCalled | ToolReturned, None]:
        """Each call as it begins, in their order, then each as it ends. Closing it ends the calls.

        A call that cannot be made, or fails, ends with words for the model.
        """
        done: asyncio.Queue[ToolReturned | BaseException] = asyncio.Queue()
        room = asyncio.Semaphore(MAX_AT_ONCE)
        tasks: set[asyncio.Task[None]] = set()
        try:
            for wanted in calls:
                begun = await self._begin(wanted)
                yield begun[0]
                tasks.add(asyncio.create_task(self._end(*begun, room, done)))
            for _ in calls:
                ended = await done.get()
                if isinstance(ended, BaseException):
                    raise ended
                yield ended
        finally:
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    async def _begin(
        self, wanted: WantedCall
    ) -> tuple[ToolCalled, ToolReturned | PendingApproval | None]:
        """The call as it is told, and how it ended already, or who is to be waited for."""
        tool = self._tools.get(wanted.name)
        tool_id, name = (tool.id, tool.name) if tool else (wanted.name[:100], wanted.name[:100])
        called = ToolCalled(tool_id, name, wanted.id, wanted.parsed)
        if tool is None:
            known = ", ".join(self._tools) or "none"
            return called, failed(
                called, ToolNotFound(f"There is no such tool. There are: {known}.")
            )
        if not isinstance(wanted.parsed, dict):
            words = "The arguments are not one JSON object. Call the tool once more with one."
            return called, failed(called, InvalidRequest(words))
        if not tool.needs_approval:
            return called, None
        if not self._can_wait:
            return called, failed(called, PermissionDenied(_NO_ONE_TO_ASK, code="approval_needed"))
        try:
            pending = await self._execute(called)
        except PortalError as error:
            return called, failed(called, error)
        if isinstance(pending, ToolOutcome):
            return called, returned_of(called, pending)
        waiting = ToolCalled(tool_id, name, wanted.id, wanted.parsed, approval_id=pending.id)
        return waiting, pending

    async def _end(
        self,
        called: ToolCalled,
        begun: ToolReturned | PendingApproval | None,
        room: asyncio.Semaphore,
        done: asyncio.Queue[ToolReturned | BaseException],
    ) -> None:
        with suppress(asyncio.CancelledError):
            try:
                done.put_nowait(await self._returned(called, begun, room))
            except PortalError as error:
                done.put_nowait(failed(called, error))
            except Exception as error:  # the task ends: who reads the events is to hear of it
                done.put_nowait(error)

    async def _returned(
        self,
        called: ToolCalled,
        begun: ToolReturned | PendingApproval | None,
        room: asyncio.Semaphore,
    ) -> ToolReturned:
        if isinstance(begun, ToolReturned):
            return begun
        if begun is not None:
            return returned_of(called, await begun.outcome())
        async with room:
            outcome = await self._execute(called)
        if isinstance(outcome, ToolOutcome):
            return returned_of(called, outcome)
        # It has come to need one since the tools were offered.
        raise PermissionDenied(_NO_ONE_TO_ASK, code="approval_needed")

    async def _execute(self, called: ToolCalled) -> ToolOutcome | PendingApproval:
        return await self._box.execute(
            self._principal,
            called.tool_id,
            called.arguments,
            source=self._source,
            model_id=self._model_id,
        )
