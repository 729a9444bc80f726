"""Turns: questions that are being answered, each by a task of the core that doors follow."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Any, Self

from aiportal.chat.attachments import Attachments
from aiportal.chat.completions import Completions
from aiportal.chat.conversations import Conversations
from aiportal.chat.messages import MessageStatus
from aiportal.chat.project_files import ProjectFiles
from aiportal.chat.projects import Projects
from aiportal.chat.tool_artifacts import ToolArtifacts
from aiportal.chat.turn import Turn, TurnParts
from aiportal.chat.turn_host import TurnHost
from aiportal.chat.turn_plan import StoredTurn, TurnPlan
from aiportal.chat.turn_planner import Call, TurnPlanner
from aiportal.chat.turn_store import TurnStore
from aiportal.dialects.portal_tools import PortalTools
from aiportal.errors import Conflict, RateLimited, ServiceUnavailable
from aiportal.events import Event, TurnStarted
from aiportal.principal import Principal
from aiportal.registry import Registry
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.usage import Door

__all__ = ["GoingOn", "Turns"]

MAX_RUNNING = 1_000  # of all users: bounds tasks and memory
RETRY_AFTER_S = 5.0
POLL_S = 1.0  # for the news of a turn that another process runs


@dataclass(frozen=True, slots=True)
class GoingOn:
    """An answer that is written on. after: the number of the last event that it had; `follow` from
    there gives only what is new."""

    started: TurnStarted
    after: int


class Turns:
    """Owns the running turns: an async context manager; leaving it interrupts them.

    Every method sees only the caller's own; another's is NotFound.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        registry: Registry,
        completions: Completions,
        conversations: Conversations,
        attachments: Attachments,
        max_running: int = MAX_RUNNING,
        on_done: Callable[[TurnPlan], None] = lambda _: None,
    ) -> None:
        """on_done: is told of each turn that has ended with an answer."""
        self.on_done = on_done
        self._store = TurnStore(database)
        self.planner = TurnPlanner(
            self._store,
            registry=registry,
            conversations=conversations,
            projects=Projects(database),
            project_files=ProjectFiles(database),
            attachments=attachments,
        )
        self._host = TurnHost(settings.data_dir / "turn-hosts")
        self._parts = TurnParts(
            store=self._store,
            conversations=conversations,
            attachments=attachments,
            artifacts=ToolArtifacts(database),
            completions=completions,
            limits=lambda: registry.limits,
            host_id=self._host.id,
        )
        self._max_per_user = settings.max_turns_per_user
        self._max_running = max_running
        self._turns: dict[str, Turn] = {}  # a turn leaves it at its end
        self._is_open = False

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._host)
            await self._interrupt_orphans()
            self._resources = stack.pop_all()
        self._is_open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_open = False
        turns = list(self._turns.values())
        for turn in turns:
            turn.stop("interrupted")
        for turn in turns:
            await turn.ended()
        await self._resources.aclose()

    async def start(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        content: str | None,
        parent_id: str | None = None,
        model: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        attachments: Sequence[str] = (),
        is_once: bool = False,
        source: Door = "web",
        request_id: str | None = None,
        queued_id: str | None = None,
        tools: PortalTools | None = None,
    ) -> TurnStarted:
        """Ask a question. Question and empty answer are stored when this returns.

        content: 1 to 1,000,000 characters; None to answer the question `parent_id` once more.
        attachments: ids of files that go with it, 20 at most; then it may have no characters.
        parent_id: the message that the question follows; None for the end of the branch that was
            last looked at, "root" for none: a first question beside the one that is there.
        model: else the conversation's, else its project's, else the portal's default.
        is_once: the conversation does not remember that model.
        parameters: over the conversation's; a field that is None takes that one back.
        source, request_id: the door and its id of the call, for the ledger.
        queued_id: of the question in the queue, which it leaves in the same write. See `Queue`.
        tools: of the portal, for this turn; None for those of a custom model.

        Raises NotFound, InvalidRequest, ModelNotFound, ModelUnavailable, PermissionDenied, ToolNotFound;
        Conflict while another turn of the conversation runs; RateLimited where the caller has too
        many running; ServiceUnavailable where the portal has, or is stopping.
        """
        call = Call(model, parameters, source, request_id, is_once, tools)
        plan = await self.planner.question(
            principal,
            conversation_id,
            content=content,
            parent_id=parent_id,
            attachments=attachments,
            call=call,
        )
        await self.launch(principal, [replace(plan, queued_id=queued_id)])
        return plan.started

    async def retry(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        question_id: str,
        model: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        source: Door = "web",
        tools: PortalTools | None = None,
    ) -> TurnStarted:
        """Answer a question once more, beside the answers that it has. As `start`."""
        return await self.start(
            principal,
            conversation_id,
            content=None,
            parent_id=question_id,
            model=model,
            parameters=parameters,
            source=source,
            tools=tools,
        )

    async def go_on(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        answer_id: str,
        model: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        source: Door = "web",
        request_id: str | None = None,
        tools: PortalTools | None = None,
    ) -> GoingOn:
        """Have an answer that broke off written on: what comes is added to the same message.

        answer_id: an answer with text that was interrupted, cancelled, failed, or reached its
            greatest length. Its turn is running again, with what the calls use added up.
        model: else the one that has written it so far.

        The rest is as in `start`. Raises also Conflict where the answer is being written, or has
        changed meanwhile, and InvalidRequest where it is complete or empty.
        """
        await self._interrupt_orphans()
        call = Call(model, parameters, source, request_id, tools=tools)
        plan = await self.planner.continuation(
            principal, conversation_id, answer_id=answer_id, call=call
        )
        await self.launch(principal, [plan])
        return GoingOn(plan.started, after=plan.log().number)

    async def launch(self, principal: Principal, plans: Sequence[TurnPlan]) -> None:
        """Start turns of the caller's that answer one question, all or none. As `start`."""
        await self._interrupt_orphans()
        self._admit(principal, len(plans))
        for plan in plans:
            if plan.tools is not None:
                self._parts.completions.check_tools(principal, plan.started.model, plan.tools)
            if (turn_id := plan.started.turn_id) in self._turns:
                raise Conflict(
                    f"The turn {turn_id!r} is still running. Wait for its end, then try again.",
                    code="turn_running",
                )
        storing = asyncio.create_task(self._parts.store.begin(plans, host_id=self._host.id))
        for turn in [Turn(plan, self._parts) for plan in plans]:
            # Before it is stored, so that nobody takes its row for one that nobody writes to.
            self._turns[turn.plan.started.turn_id] = turn
            turn.launch(storing).add_done_callback(partial(self._ended, turn))
        await asyncio.shield(storing)

    async def follow(
        self, principal: Principal, turn_id: str, *, after: int = 0
    ) -> AsyncIterator[tuple[int, Event]]:
        """The turn's events with their numbers, those beyond `after`; ends after TurnFinished.

        Any number of followers, at any time: a turn that has ended, or that another process runs,
        is read from the database. Leaving does nothing to the turn. Raises NotFound.
        """
        while (turn := self._own(principal, turn_id)) is None:
            stored = await self._stored(principal, turn_id)
            for number, event in stored.log().read(after):
                after = number
                yield number, event
            if stored.status != "running":
                return
            await asyncio.sleep(POLL_S)
        async for number, event in turn.log.follow(after=after):
            yield number, event

    async def cancel(self, principal: Principal, turn_id: str) -> MessageStatus:
        """Break the answer off, and its upstream call; how the turn has ended. Its text stays.

        A turn that has ended stays as it is. Raises NotFound; Conflict if another process runs it.
        """
        if turn := self._own(principal, turn_id):
            turn.stop("cancelled")
            await turn.ended()
        status = (await self._stored(principal, turn_id)).status
        if status == "running":
            raise Conflict(
                f"The turn {turn_id!r} is run by another process of this portal. Cancel it there.",
                code="turn_elsewhere",
            )
        return status

    async def ended(self, principal: Principal, turn_id: str) -> None:
        """Return when no turn of that id is running here, and who is to be told of it was."""
        if (turn := self._own(principal, turn_id)) is not None:
            await turn.ended()

    async def status(self, principal: Principal, turn_id: str) -> MessageStatus:
        """How the turn stands. Raises NotFound."""
        turn = self._own(principal, turn_id)
        if turn is not None and not turn.log.is_finished:
            return "running"
        return (await self._stored(principal, turn_id)).status

    def running(self, principal: Principal) -> Sequence[TurnStarted]:
        """The caller's turns that this process is running, oldest first."""
        user_id = principal.user_id
        return [
            turn.plan.started
            for turn in self._turns.values()
            if turn.plan.principal.user_id == user_id and not turn.log.is_finished
        ]

    def _ended(self, turn: Turn, _: asyncio.Task[None]) -> None:
        self._turns.pop(turn.plan.started.turn_id, None)
        question_id = turn.plan.started.user_message_id
        others = (one.plan.started.user_message_id for one in self._turns.values())
        # Of answers that are compared the last one counts: a conversation has one title.
        if turn.log.status == "done" and question_id not in others:
            self.on_done(turn.plan)

    def _admit(self, principal: Principal, wanted: int) -> None:
        if not self._is_open or len(self._turns) + wanted > self._max_running:
            raise ServiceUnavailable(
                f"The portal is stopping, or it is writing {self._max_running} answers already. "
                "Try again in a moment."
            )
        if (count := len(self.running(principal))) + wanted > self._max_per_user:
            raise RateLimited(
                f"You have {count} answers running, and may have {self._max_per_user}. "
                "Wait for one to end, or cancel one.",
                retry_after_s=RETRY_AFTER_S,
                code="too_many_turns",
            )

    def _own(self, principal: Principal, turn_id: str) -> Turn | None:
        turn = self._turns.get(turn_id)
        if turn is None or not turn.is_stored:
            return None
        return turn if turn.plan.principal.user_id == principal.user_id else None

    async def _stored(self, principal: Principal, turn_id: str) -> StoredTurn:
        """The turn as stored, marked as interrupted if its process has gone. Raises NotFound."""
        stored = await self._store.load(principal, turn_id)
        if stored.status == "running" and await self._interrupt_orphans():
            stored = await self._store.load(principal, turn_id)
        return stored

    async def _interrupt_orphans(self) -> bool:
        """Mark running answers that nobody is writing as interrupted; True if there were any."""
        running = await self._store.running()
        dead = await self._host.dead({host for _, host in running} - {self._host.id})
        orphans = [
            turn_id
            for turn_id, host in running
            if host in dead or (host == self._host.id and turn_id not in self._turns)
        ]
        if orphans:
            await self._store.interrupt(orphans)
        return bool(orphans)
