"""Temporary chats: nothing of a question or an answer reaches the disk; the ledger has its row."""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from aiportal.chat.completions import Completions
from aiportal.chat.owned_rows import not_found
from aiportal.chat.temporary.answer import TemporaryAnswer
from aiportal.chat.temporary.chat import IDLE_S, Exchange, HeldChat, TemporaryChat
from aiportal.chat.temporary.keeping import kept
from aiportal.chat.temporary.planner import TemporaryPlanner
from aiportal.chat.upkeep import Upkeep
from aiportal.dialects.portal_tools import PortalTools
from aiportal.errors import Conflict, NotFound, RateLimited, ServiceUnavailable
from aiportal.events import Event, TurnStarted
from aiportal.principal import Principal
from aiportal.registry import Registry
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.usage import Door

__all__ = ["TemporaryChats"]

MAX_PER_USER: Final = 20
MAX_CHARS_PER_USER: Final = 20_000_000
MAX_CHATS: Final = 1_000  # of all users
MAX_CHARS: Final = 200_000_000  # of all users
MAX_RUNNING: Final = 200  # of all users
SWEEP_EVERY_S: Final = 60
RETRY_AFTER_S: Final = 5.0


class TemporaryChats(Upkeep):
    """Owns the chats and what runs in them: an async context manager; leaving it ends them all.

    A chat goes an hour after its last use, with the portal, and where there are too many: the one
    that was not used for the longest time. Every method sees only the caller's own; another's, and
    one that has gone, is NotFound.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        registry: Registry,
        completions: Completions,
        clock: Callable[[], float] = time.monotonic,
        sweep_every_s: float = SWEEP_EVERY_S,
    ) -> None:
        """database: for what is kept, see `keep`, and nothing else. clock: in seconds."""
        super().__init__("temporary chats", every_s=sweep_every_s)
        self._database = database
        self._planner = TemporaryPlanner(registry, completions)
        self._max_running_per_user = settings.max_turns_per_user
        self._clock = clock
        self._chats: dict[str, HeldChat] = {}  # the one that was used last is at the end
        self._is_open = False

    async def __aenter__(self) -> Self:
        self._is_open = True
        return await super().__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_open = False
        await super().__aexit__(kind, error, traceback)
        await self._end(list(self._chats.values()))

    async def ask(
        self,
        principal: Principal,
        *,
        content: str,
        chat_id: str | None = None,
        model: str | None = None,
        system_prompt: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        source: Door = "web",
        request_id: str | None = None,
        tools: PortalTools | None = None,
    ) -> TurnStarted:
        """Ask a question in a chat, or in a new one; its `conversation_id` is the chat's id.

        content: 1 to 1,000,000 characters. model: else the chat's, else the portal's default.
        model, system_prompt, parameters: hold from then on; what is None stays as it is.
        source, request_id: the door and its id of the call, for the ledger.
        tools: of the portal, for this answer; None for those of a custom model.

        Raises NotFound, InvalidRequest, ModelNotFound, ModelUnavailable, PermissionDenied;
        Conflict while the chat's last answer is being written; RateLimited where the caller has too
        many running; ServiceUnavailable where the portal has.
        """
        chat = HeldChat(principal.user_id)
        if chat_id is not None:
            chat = self._idle(principal, chat_id)
        settings = self._planner.settings(
            chat, model=model, system_prompt=system_prompt, parameters=parameters
        )
        question = self._planner.question(chat, content)
        answer = self._planner.answer(
            principal,
            settings,
            [*chat.messages(), question],
            source=source,
            request_id=request_id,
            tools=tools,
        )
        self._admit(principal)
        chat.settings = settings
        chat.exchanges.append(Exchange(question, answer))
        return self._launch(principal, chat, answer)

    async def again(
        self,
        principal: Principal,
        chat_id: str,
        *,
        model: str | None = None,
        source: Door = "web",
        request_id: str | None = None,
        tools: PortalTools | None = None,
    ) -> TurnStarted:
        """Answer the last question once more, in place of its answer. Else as `ask`."""
        chat = self._idle(principal, chat_id)
        settings = self._planner.settings(chat, model=model)
        answer = self._planner.answer(
            principal,
            settings,
            chat.messages()[:-1],
            source=source,
            request_id=request_id,
            tools=tools,
        )
        self._admit(principal)
        chat.settings = settings
        chat.exchanges[-1].answer = answer
        return self._launch(principal, chat, answer)

    async def get(self, principal: Principal, chat_id: str) -> TemporaryChat:
        """A chat as it is now. Raises NotFound."""
        return self._own(principal, chat_id).seen()

    async def follow(
        self, principal: Principal, chat_id: str, *, turn_id: str | None = None, after: int = 0
    ) -> AsyncIterator[tuple[int, Event]]:
        """The events of the last answer, or of that turn's, with their numbers; see `Turns.follow`.

        Raises NotFound.
        """
        for exchange in reversed(self._own(principal, chat_id).exchanges):
            if turn_id in (None, exchange.answer.started.turn_id):
                async for numbered in exchange.answer.log.follow(after=after):
                    yield numbered
                return
        raise not_found("turn", turn_id or "", param=None)

    async def stop(self, principal: Principal, chat_id: str) -> TemporaryChat:
        """Break the answer off that is being written, if one is; its text stays. Raises NotFound."""
        chat = self._own(principal, chat_id)
        await chat.stop("cancelled")
        return chat.seen()

    async def keep(self, principal: Principal, chat_id: str) -> str:
        """Store it as a conversation, whose id this is; it is no temporary chat any more.

        What it has cost is told there, and stays in the ledger once. Raises NotFound; Conflict while
        an answer is being written; DatabaseUnavailable, then it is still there.
        """
        chat = self._idle(principal, chat_id)
        del self._chats[chat_id]  # kept once, however often it is asked for
        try:
            return await self._database.write(lambda database: kept(database, principal, chat))
        except BaseException:
            self._chats[chat_id] = chat
            raise

    async def delete(self, principal: Principal, chat_id: str) -> None:
        """Let it go, and break off what runs in it. Raises NotFound."""
        await self._end([self._own(principal, chat_id)])

    async def delete_all(self, principal: Principal) -> None:
        """Let all of the caller's go."""
        await self._end(self._of(principal))

    @property
    def held(self) -> int:
        """How many there are in memory, of all users."""
        return len(self._chats)

    async def _tidy(self) -> None:
        now = self._clock()
        for chat in list(self._chats.values()):
            if self._is_gone(chat, now):
                del self._chats[chat.id]

    def _is_gone(self, chat: HeldChat, now: float) -> bool:
        return not chat.is_running and now - chat.used_at > IDLE_S

    def _own(self, principal: Principal, chat_id: str) -> HeldChat:
        """A chat of the caller's, which is used by that."""
        chat, now = self._chats.get(chat_id), self._clock()
        if chat is None or chat.owner_id != principal.user_id or self._is_gone(chat, now):
            raise NotFound(
                f"There is no temporary chat {chat_id!r}. It goes an hour after its last use and "
                "when the portal restarts, or the id is wrong."
            )
        self._use(chat)
        return chat

    def _idle(self, principal: Principal, chat_id: str) -> HeldChat:
        chat = self._own(principal, chat_id)
        if chat.is_running:
            raise Conflict(
                "An answer is being written in this chat. Wait for its end, or stop it.",
                code="turn_running",
            )
        return chat

    def _use(self, chat: HeldChat) -> None:
        chat.used_at = self._clock()
        self._chats.pop(chat.id, None)
        self._chats[chat.id] = chat

    def _of(self, principal: Principal) -> list[HeldChat]:
        return [chat for chat in self._chats.values() if chat.owner_id == principal.user_id]

    def _launch(self, principal: Principal, chat: HeldChat, answer: TemporaryAnswer) -> TurnStarted:
        self._use(chat)
        self._shrink(self._of(principal), chat, most=MAX_PER_USER, most_chars=MAX_CHARS_PER_USER)
        self._shrink(list(self._chats.values()), chat, most=MAX_CHATS, most_chars=MAX_CHARS)
        answer.launch()
        return answer.started

    def _admit(self, principal: Principal) -> None:
        running = [chat for chat in self._chats.values() if chat.is_running]
        if not self._is_open or len(running) >= MAX_RUNNING:
            raise ServiceUnavailable(
                f"The portal is stopping, or it is writing {MAX_RUNNING} temporary answers. "
                "Try again in a moment."
            )
        count = sum(chat.owner_id == principal.user_id for chat in running)
        if count >= min(self._max_running_per_user, MAX_PER_USER):
            raise RateLimited(
                f"You have {count} temporary chats whose answers are being written, as many as you "
                "may. Wait for one to end, or stop one.",
                retry_after_s=RETRY_AFTER_S,
                code="too_many_turns",
            )

    def _shrink(
        self, chats: Sequence[HeldChat], new: HeldChat, *, most: int, most_chars: int
    ) -> None:
        """Let those go that were not used for the longest time, until the rest is within bounds."""
        count, chars = len(chats), sum(chat.chars for chat in chats)
        for chat in chats:
            if count <= most and chars <= most_chars:
                return
            if chat.is_running or chat is new:
                continue
            del self._chats[chat.id]
            count, chars = count - 1, chars - chat.chars

    async def _end(self, chats: Sequence[HeldChat]) -> None:
        for chat in chats:
            self._chats.pop(chat.id, None)
        for chat in chats:
            await chat.stop("interrupted")
