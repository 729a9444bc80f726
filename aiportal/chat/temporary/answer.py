"""One answer of a temporary chat, while it is written and after."""

import asyncio
import logging
import traceback
from dataclasses import dataclass
from typing import Final, Literal

from aiportal.chat.completions import Completions
from aiportal.chat.messages import Failure, Message
from aiportal.chat.tool_loop import ToolLoop
from aiportal.chat.turn_log import TurnLog
from aiportal.chat.web.searched_answer import SearchedAnswer
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.errors import InternalError, PortalError
from aiportal.events import TurnFailed, TurnFinished, TurnStarted, UsageReported
from aiportal.principal import Principal
from aiportal.routing import Completion
from aiportal.timestamps import now_text
from aiportal.usage import Door

__all__ = ["TemporaryAnswer", "TemporaryCall"]

ENDPOINT: Final = "temporary"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TemporaryCall:
    """What a model is asked, and for whom. request_id: for the ledger, None for one of its own."""

    principal: Principal
    request: ChatRequest
    source: Door
    request_id: str | None


class TemporaryAnswer:
    """Owns the task that asks. What comes of it is in `log` and nowhere else; the ledger has its row.

    started: its ids are made up like those of stored messages, and name nothing in the database.
    """

    def __init__(self, started: TurnStarted, call: TemporaryCall, completions: Completions) -> None:
        self.started = started
        self.log = TurnLog(started)
        self._call = call
        self._completions = completions
        self._completion: Completion | ToolLoop | SearchedAnswer | None = None
        self._usage: UsageReported | None = None
        self._failure: TurnFailed | None = None
        self._finished: TurnFinished | None = None
        self._stop_as: Literal["cancelled", "interrupted"] = "interrupted"
        self._is_over = asyncio.Event()
        self._created_at = now_text()

    @property
    def is_running(self) -> bool:
        return not self._is_over.is_set()

    def launch(self) -> None:
        """Ask."""
        self._task = asyncio.create_task(self._ask(), name=self.started.turn_id)
        self._task.add_done_callback(self._end)

    async def stop(self, status: Literal["cancelled", "interrupted"]) -> None:
        """Break it off; its text so far stays. Returns when it has ended, as it may have before."""
        if not self._task.done():
            self._stop_as = status
            self._task.cancel()
        await self._is_over.wait()

    def message(self) -> Message:
        """The answer as far as it has come."""
        usage, failure = self._usage, self._failure
        return Message(
            id=self.started.assistant_message_id,
            conversation_id=self.started.conversation_id,
            parent_id=self.started.user_message_id,
            turn_id=self.started.turn_id,
            role="assistant",
            content=self.log.text,
            reasoning=self.log.reasoning,
            model=self.started.model,
            status=self.log.status,
            finish_reason=self._finished.finish_reason if self._finished else None,
            usage=usage,
            cost_usd=usage.cost_usd if usage else None,
            error=Failure(failure.message, failure.code, failure.error_type) if failure else None,
            created_at=self._created_at,
            tool_calls=tuple(self.log.tool_uses),
            findings=self.log.findings,
        )

    async def _ask(self) -> str | None:
        """Log what the model says; its finish reason."""
        call = self._call
        async with self._completions.follow(
            call.principal,
            call.request,
            source=call.source,
            endpoint=ENDPOINT,
            request_id=call.request_id,
        ) as completion:
            self._completion = completion
            async for delta in completion.deltas():
                self.log.append(delta)
        return completion.finish_reason

    def _end(self, task: asyncio.Task[str | None]) -> None:
        if task.cancelled():
            self._finished = TurnFinished(self._stop_as, None)
        elif (error := task.exception()) is not None:
            self._finished = TurnFinished("error", None)
            self._failure = self._failed(error)
        else:
            self._finished = TurnFinished("done", task.result())
        self.log.end_calls(self._finished.status)
        self._usage = None if self._completion is None else self._completion.report
        for event in (self._usage, self._failure, self._finished):
            if event is not None:
                self.log.append(event)
        self._is_over.set()

    def _failed(self, error: BaseException) -> TurnFailed:
        if not isinstance(error, PortalError):
            turn_id = self.started.turn_id
            # Without its words, which may be the user's.
            where = "".join(traceback.format_tb(error.__traceback__))
            logger.error("%s failed: %s\n%s", turn_id, type(error).__name__, where)
            error = InternalError(
                f"The portal made a mistake; its log has it under {turn_id!r}. Ask again."
            )
        return TurnFailed(error.message, error.code, error.type)
