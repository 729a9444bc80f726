"""Questions that are sent while an answer is being written: they wait, and are asked one by one."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from aiportal.chat.messages import Message
from aiportal.chat.queued import QueuedQuestion, QueueStore
from aiportal.chat.turn_plan import TurnPlan
from aiportal.chat.turn_planner import Call
from aiportal.chat.turns import Turns
from aiportal.errors import Conflict, DatabaseUnavailable, NotFound, PortalError
from aiportal.events import TurnStarted
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text
from aiportal.usage import Door

__all__ = ["Queue"]

logger = logging.getLogger(__name__)


class Queue:
    """Owns the tasks that ask what waits, one for each turn that ends: an async context manager.

    The first of a conversation is asked when an answer has ended whole, and follows it. After an
    answer that was stopped, that failed or broke off, and after a restart, all of them wait until
    the next answer of the conversation ends whole, or until `send`.

    Every method sees only the caller's own; another's is NotFound, as if it were not there.
    """

    def __init__(self, database: Database, *, turns: Turns) -> None:
        self._store = QueueStore(database)
        self._turns = turns
        self._asking: dict[str, asyncio.Task[None]] = {}  # by the turn that has ended
        self._is_open = False

    async def __aenter__(self) -> Self:
        self._is_open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_open = False
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def add(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        content: str,
        model: str | None = None,
        attachments: Sequence[str] = (),
        is_once: bool = False,
        parent_id: str | None = None,
        behind: str | None = None,
        source: Door = "web",
    ) -> tuple[QueuedQuestion, TurnStarted | None]:
        """Put a question behind those that wait, 20 at most; it is stored when this returns.

        What it is made of is checked as in `Turns.start`, and raised. model: else the one that the
        conversation has now. Where nothing is being written and nothing waits, it is asked at once,
        and returned with its turn; what refuses it then is kept as its reason. Of two that come at
        the same time either may be the first. parent_id: the answer that it follows then, as in
        `Turns.start`; behind: the turn of that answer, where it is to follow what was asked behind
        that, too.
        """
        call = Call(model, None, source, None, is_once)
        plan = await self._turns.planner.question(
            principal,
            conversation_id,
            content=content,
            parent_id=None,
            attachments=attachments,
            call=call,
        )
        question = QueuedQuestion(
            id=new_id("queued"),
            conversation_id=conversation_id,
            content=content,
            model=plan.started.model,
            is_once=is_once or model is None,
            attachments=plan.attachments,
            source=source,
            key_id=principal.key_id,
            error=None,
            created_at=now_text(),
        )
        while not await self._store.add(principal, question):
            # It is never in the queue meanwhile: what comes behind a turn that has just ended would
            # take it, and ask it after another answer.
            try:
                parent_id = await self._last_behind(principal, behind) or parent_id
                return question, await self._start(principal, question, parent_id=parent_id)
            except PortalError as error:
                if error.code != "turn_running":
                    question = replace(question, error=error.message)
        return question, None

    async def _last_behind(self, principal: Principal, turn_id: str | None) -> str | None:
        """The last answer of what was asked behind a turn, one after the other."""
        last = None
        while turn_id is not None:
            answer = await self._store.following(principal, turn_id)
            if answer is None:
                break
            last, turn_id = answer.id, answer.turn_id
        return last

    async def list(self, principal: Principal, conversation_id: str) -> Sequence[QueuedQuestion]:
        """What waits, the one that is asked next first. Raises NotFound."""
        return await self._store.list(principal, conversation_id)

    async def remove(self, principal: Principal, conversation_id: str, question_id: str) -> None:
        """Take one back. Raises NotFound, also for one that has been asked."""
        await self._store.remove(principal, conversation_id, question_id)

    async def send(
        self, principal: Principal, conversation_id: str, *, parent_id: str | None = None
    ) -> TurnStarted:
        """Ask the first one now; the others follow it. parent_id: as in `Turns.start`.

        What `Turns.start` raises is raised, and kept as the question's reason where it is not a
        Conflict. Raises NotFound where nothing waits.
        """
        waiting = await self._store.list(principal, conversation_id)
        if not waiting:
            raise NotFound("No question waits in this conversation.")
        try:
            return await self._start(principal, waiting[0], parent_id=parent_id, is_waiting=True)
        except Conflict:
            raise
        except PortalError as error:
            await self._store.refuse(waiting[0], error.message)
            raise

    async def following(self, principal: Principal, turn_id: str) -> Message | None:
        """When a turn has ended: the answer to what was asked after it, by now, or None.

        Waits until what waited behind that turn has been asked.
        """
        await self._turns.ended(principal, turn_id)
        if (task := self._asking.get(turn_id)) is not None:
            await asyncio.wait({task})
        return await self._store.following(principal, turn_id)

    def consider(self, plan: TurnPlan) -> None:
        """A turn has ended with an answer: ask what waits behind it.

        Not after answers that are compared, of which one is to be chosen first.
        """
        if not self._is_open or plan.comparison_id is not None:
            return
        turn_id = plan.started.turn_id
        task = asyncio.create_task(self._ask_next(plan), name=f"queue behind {turn_id}")
        self._asking[turn_id] = task
        task.add_done_callback(lambda _: self._asking.pop(turn_id, None))

    async def _ask_next(self, plan: TurnPlan) -> None:
        try:
            waiting = await self._store.list(plan.principal, plan.started.conversation_id)
            if waiting:
                await self._ask(plan, waiting[0])
        except NotFound:
            logger.debug("the conversation of %s is gone", plan.started.turn_id)
        except DatabaseUnavailable as error:
            logger.warning("what waits behind %s is not asked: %s", plan.started.turn_id, error)
        except Exception:  # the task ends
            logger.exception("what waits behind %s is not asked", plan.started.turn_id)

    async def _ask(self, plan: TurnPlan, question: QueuedQuestion) -> None:
        # What the key of the turn before may use does not matter: the question's own was asked.
        asker = replace(plan.principal, key_id=question.key_id, allowed_models=None)
        try:
            await self._start(
                asker, question, parent_id=plan.started.assistant_message_id, is_waiting=True
            )
        except Conflict as error:  # it was taken back, or somebody asks something else
            logger.debug("%s goes on waiting: %s", question.id, error)
        except PortalError as error:
            await self._store.refuse(question, error.message)

    async def _start(
        self,
        principal: Principal,
        question: QueuedQuestion,
        *,
        parent_id: str | None,
        is_waiting: bool = False,
    ) -> TurnStarted:
        return await self._turns.start(
            principal,
            question.conversation_id,
            content=question.content,
            parent_id=parent_id,
            model=question.model,
            attachments=[file.id for file in question.attachments],
            is_once=question.is_once,
            source=question.source,
            queued_id=question.id if is_waiting else None,
        )
