"""One turn while it runs: a question until its final answer."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from aiportal.chat.attachments import Attachments
from aiportal.chat.completions import Completions
from aiportal.chat.continuation import total_usage
from aiportal.chat.conversations import Conversations
from aiportal.chat.messages import Message
from aiportal.chat.prompt import chat_body
from aiportal.chat.tool_artifacts import ToolArtifacts
from aiportal.chat.tool_loop import ToolLoop
from aiportal.chat.turn_plan import TurnPlan
from aiportal.chat.turn_store import TurnStore
from aiportal.chat.web.asked import window_beside
from aiportal.chat.web.searched_answer import SearchedAnswer
from aiportal.dialects.openai_chat import ChatLimits, ChatRequest
from aiportal.errors import DatabaseUnavailable, InternalError, PortalError
from aiportal.events import ToolReturned, TurnFailed, TurnFinished, UsageReported
from aiportal.routing import Completion

__all__ = ["Turn", "TurnParts"]

SAVE_INTERVAL_S = 0.8  # with the write itself within a second
SILENCE_CHECK_S = 5.0  # without new text: how soon a deleted conversation is noticed
SAVE_RETRIES_S = (0.2, 1.0, 5.0)  # waits between the tries to store the end
ENDPOINT = "turn"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TurnParts:
    """What a turn works with. limits: asked for at each turn, because they can be reloaded."""

    store: TurnStore
    conversations: Conversations
    attachments: Attachments
    artifacts: ToolArtifacts
    completions: Completions
    limits: Callable[[], ChatLimits]
    host_id: str


class Turn:
    """Two tasks: one asks the model and can be cancelled; the other never is, it stores the end.

    log: its events, complete when `ended` returns.
    """

    def __init__(self, plan: TurnPlan, parts: TurnParts) -> None:
        self.plan = plan
        self.log = plan.log()
        self._parts = parts
        self._completion: Completion | ToolLoop | SearchedAnswer | None = None
        self._stop_as: Literal["cancelled", "interrupted"] | None = None
        self._answering: asyncio.Task[str | None] | None = None
        self._storing: asyncio.Task[None] | None = None

    @property
    def is_stored(self) -> bool:
        """The database has it, as running or with its end."""
        storing = self._storing
        return storing is not None and storing.done() and storing.exception() is None

    def launch(self, storing: asyncio.Task[None]) -> asyncio.Task[None]:
        """Start; the task of the whole turn. storing: stores its messages."""
        turn_id = self.plan.started.turn_id
        self._storing = storing
        self._task = asyncio.create_task(self._run(storing), name=turn_id)
        return self._task

    def stop(self, status: Literal["cancelled", "interrupted"]) -> None:
        """Break the answer off; its text so far stays. Does nothing after the end."""
        if self._stop_as is None:
            self._stop_as = status
        if self._answering is not None:
            self._answering.cancel()

    async def ended(self) -> None:
        """Return when the end is stored and all events are in the log."""
        await asyncio.wait({self._task})

    async def _run(self, storing: asyncio.Task[None]) -> None:
        await asyncio.wait({storing})
        if storing.exception() is not None:  # it belongs to who started the turn
            return
        self._answering = asyncio.create_task(self._answer())
        if self._stop_as is not None:
            self._answering.cancel()
        saving = asyncio.create_task(self._save_regularly())
        await asyncio.wait({self._answering})
        saving.cancel()
        await asyncio.wait({saving})
        failure, finished = self._outcome(self._answering)
        self.log.end_calls(finished.status)
        await self._finish(failure, finished)

    async def _answer(self) -> str | None:
        """Ask the model and log what it says; its finish reason."""
        plan, parts = self.plan, self._parts
        limits = parts.limits()
        branch = await parts.conversations.path(
            plan.principal,
            plan.started.conversation_id,
            limit=limits.max_messages,
            leaf_id=(
                plan.started.user_message_id
                if plan.continued is None
                else plan.started.assistant_message_id
            ),
        )
        request = await self._request(branch, limits)
        async with parts.completions.follow(
            plan.principal,
            request,
            source=plan.source,
            endpoint=ENDPOINT,
            request_id=plan.request_id,
        ) as completion:
            self._completion = completion
            async for event in completion.deltas():
                if isinstance(event, ToolReturned) and event.artifacts:
                    message_id = plan.started.assistant_message_id
                    event = await parts.artifacts.keep(plan.principal, message_id, event)
                self.log.append(event)
        return completion.finish_reason

    async def _request(self, branch: Sequence[Message], limits: ChatLimits) -> ChatRequest:
        """What the model is asked; attached files are read off the event loop."""
        plan = self.plan
        files = [file for message in branch for file in message.attachments]
        files += plan.project_files  # the last ones: they are not what is left out
        window = window_beside(plan.context_window, is_searched=plan.is_searched)
        load = await self._parts.attachments.loader(plan.principal, files, sees=plan.sees)

        def request() -> ChatRequest:
            body = chat_body(
                branch,
                model_id=plan.started.model,
                system_prompt=plan.system_prompt,
                parameters=plan.parameters,
                context_window=window,
                max_messages=limits.max_messages,
                goes_on=plan.continued is not None,
                tells_calls=plan.tells_calls,
                load=load,
                project_files=plan.project_files,
                max_part_chars=limits.max_content_chars,
            )
            return plan.asked(ChatRequest.parse(body, limits), branch)

        return await asyncio.to_thread(request) if files else request()

    def _outcome(
        self, answering: asyncio.Task[str | None]
    ) -> tuple[TurnFailed | None, TurnFinished]:
        error = None if answering.cancelled() else answering.exception()
        if error is None and not answering.cancelled():
            return None, TurnFinished("done", answering.result())
        if self._stop_as is not None or error is None:
            return None, TurnFinished(self._stop_as or "interrupted", None)
        if not isinstance(error, PortalError):
            logger.error("turn %s failed", self.plan.started.turn_id, exc_info=error)
        return self._failure(error), TurnFinished("error", None)

    def _failure(self, error: BaseException) -> TurnFailed:
        if not isinstance(error, PortalError):
            turn_id = self.plan.started.turn_id
            error = InternalError(
                f"The portal made a mistake; its log has it under {turn_id!r}. Ask again."
            )
        return TurnFailed(error.message, error.code, error.type)

    async def _finish(self, failure: TurnFailed | None, finished: TurnFinished) -> None:
        before = None if self.plan.continued is None else self.plan.continued.message.usage
        usage = total_usage(before, None if self._completion is None else self._completion.report)
        try:
            await self._store_end(usage, failure, finished)
        except Exception as error:  # the task ends; without the last event followers would wait on
            logger.exception("turn %s: its end is not stored", self.plan.started.turn_id)
            failure = failure or self._failure(error)
            finished = TurnFinished("error", finished.finish_reason)
        for event in (usage, failure):
            if event is not None:
                self.log.append(event)
        self.log.append(finished)

    async def _store_end(
        self, usage: UsageReported | None, failure: TurnFailed | None, finished: TurnFinished
    ) -> None:
        """Store it, trying again for some seconds. Raises DatabaseUnavailable."""
        message_id = self.plan.started.assistant_message_id
        for wait_s in (*SAVE_RETRIES_S, None):
            try:
                await self._parts.store.end(
                    message_id, self.log, usage=usage, failure=failure, finished=finished
                )
            except DatabaseUnavailable:
                if wait_s is None:
                    raise
                await asyncio.sleep(wait_s)
            else:
                return

    async def _save_regularly(self) -> None:
        """Keep what has grown, about once a second, until cancelled; stop if it was deleted."""
        saved = self.log.number
        while True:
            try:
                async with asyncio.timeout(SILENCE_CHECK_S):
                    await self.log.growth(saved)
            except TimeoutError:
                logger.debug("turn %s is silent", self.plan.started.turn_id)
            saved = self.log.number
            try:
                if not await self._parts.store.save(
                    self.plan.started.assistant_message_id, self.log
                ):
                    self.stop("cancelled")
                    return
            except DatabaseUnavailable as error:
                logger.warning("turn %s: not saved yet: %s", self.plan.started.turn_id, error)
            await asyncio.sleep(SAVE_INTERVAL_S)
