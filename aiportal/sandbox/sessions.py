"""Processes that stay between the calls of one owner, with all that a program keeps in them."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiportal.errors import RateLimited
from aiportal.sandbox.call import Profile, Program, SandboxCall
from aiportal.sandbox.conversation import Conversation

__all__ = ["IDLE_S", "MAX_OF_AN_OWNER", "Session", "Sessions"]

MAX_OF_AN_OWNER: Final = 3
MAX_OF_ALL: Final = 24
MAX_CALLS_OF_AN_OWNER: Final = 16  # that run or wait in sessions
IDLE_S: Final = 600.0
_RETRY_S: Final = 10.0

_Key = tuple[str, str, str]


@dataclass
class Session:
    """program: whose process it is. conversation: None before the first call and after the end."""

    program: Program
    conversation: Conversation | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    used_at: float = 0.0
    users: int = 0

    def begin(self, program: Program) -> None:
        """What another program has left in memory, such as one before a reload, is no use to this."""
        if _sources(program) != _sources(self.program) or program.profile != self.program.profile:
            self.end()
        self.program = program

    def end(self) -> None:
        """The process is killed; the next call begins anew."""
        if self.conversation is not None:
            self.conversation.hang_up()
            self.conversation = None


class Sessions:
    """All that are open, bounded for each owner and in all."""

    def __init__(self) -> None:
        self._open: dict[_Key, Session] = {}

    @asynccontextmanager
    async def hold(self, call: SandboxCall) -> AsyncIterator[Session]:
        """The session of a call, for it alone.

        The one of the owner's that was used least lately makes room. Raises RateLimited where no more
        can be opened, or too many calls of the owner's wait.
        """
        self._check_queue(call.owner)
        key = (call.owner, call.session or "", call.program.name)
        session = self._open.get(key)
        if session is None:
            self._make_room(call.owner)
            session = self._open[key] = Session(call.program)
        session.users += 1
        try:
            async with session.lock:
                session.begin(call.program)
                yield session
        finally:
            session.users -= 1
            session.used_at = time.monotonic()
            if session.conversation is None and not session.users:
                self._open.pop(key, None)

    def end(self, owner: str, name: str) -> None:
        """End the sessions of this name, if there are any; calls that wait for one begin it anew."""
        for key in [key for key in self._open if key[:2] == (owner, name)]:
            self._open[key].end()
            if not self._open[key].users:
                del self._open[key]

    def end_idle(self, *, idle_s: float = IDLE_S) -> None:
        """End those that nobody has used for so long."""
        latest = time.monotonic() - idle_s
        for key in [key for key, one in self._open.items() if _is_idle(one, latest)]:
            self._open.pop(key).end()

    def end_all(self) -> None:
        """At the end of the sandbox."""
        for session in self._open.values():
            session.end()
        self._open.clear()

    def uses(self, profile: Profile) -> bool:
        """Whether a session lives in this profile's zygote."""
        return any(session.program.profile == profile for session in self._open.values())

    def _check_queue(self, owner: str) -> None:
        calls = sum(one.users for key, one in self._open.items() if key[0] == owner)
        if calls >= MAX_CALLS_OF_AN_OWNER:
            words = f"{calls} of your calls in sessions run or wait. Try again when they are done."
            raise RateLimited(words, retry_after_s=_RETRY_S)

    def _make_room(self, owner: str) -> None:
        own = [key for key in self._open if key[0] == owner]
        if len(own) >= MAX_OF_AN_OWNER:
            self._end_oldest(own)
        elif len(self._open) >= MAX_OF_ALL:
            self._end_oldest(list(self._open))

    def _end_oldest(self, keys: list[_Key]) -> None:
        free = [key for key in keys if not self._open[key].users]
        if not free:
            words = f"All {len(keys)} sessions that there may be are at work. End one, or wait."
            raise RateLimited(words, retry_after_s=_RETRY_S)
        self._open.pop(min(free, key=lambda key: self._open[key].used_at)).end()


def _is_idle(session: Session, latest: float) -> bool:
    return not session.users and session.used_at < latest


def _sources(program: Program) -> Mapping[str, bytes]:
    """Its files without those that are only compiled of them."""
    return {
        name: data for name, data in program.files.items() if "__pycache__" not in name.split("/")
    }
