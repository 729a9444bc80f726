"""The sandbox: programs of strangers, run one process a call, by the strongest means there are."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from aiportal.errors import InvalidRequest, ToolUnavailable
from aiportal.sandbox.call import Failure, Outcome, Profile, SandboxCall
from aiportal.sandbox.compiled import CompiledPrograms
from aiportal.sandbox.conversation import Conversation, ConversationLost
from aiportal.sandbox.outcomes import outcome_of
from aiportal.sandbox.pool import Zygotes
from aiportal.sandbox.profiles import DATA
from aiportal.sandbox.sessions import Session, Sessions
from aiportal.sandbox.tiers import SandboxMode, Tier, find_tier
from aiportal.sandbox.turns import Turns

__all__ = ["SESSION_ENDED", "Sandbox"]

MAX_WAITING_OF_AN_OWNER: Final = 16
MAX_NAME_BYTES: Final = 200
MAX_CALL_BYTES: Final = 64 * 1024**2
_READ_AT_ONCE_BYTES: Final = 256 * 1024
_LOOK_EVERY_S: Final = 30.0
PROBE_AGAIN_S: Final = 60.0
SESSION_ENDED: Final = (
    "That ended its session: the variables are gone, and the next call of the session begins anew."
)
_PROBING: Final = Tier(None, ("It is being looked into which kind of sandbox there can be.",))


class Sandbox:
    """Made by `open`. Nothing is started before `begin` or the first call."""

    def __init__(self, mode: SandboxMode, *, workers: int) -> None:
        self._mode = mode
        self._turns = Turns(at_once=workers, max_waiting=MAX_WAITING_OF_AN_OWNER)
        self._zygotes = Zygotes()
        self._tier = _PROBING
        self._sessions = Sessions()
        self._compiled = CompiledPrograms(self._run)
        self._probe: asyncio.Task[None] | None = None
        self._probed_at = 0.0
        self._upkeep: asyncio.Task[None] | None = None

    @classmethod
    @asynccontextmanager
    async def open(
        cls, mode: SandboxMode, *, workers: int | None = None
    ) -> AsyncIterator["Sandbox"]:
        """A sandbox until the context is left; nothing of it stays then.

        workers: calls that run at once, the machine's cores by default.
        """
        sandbox = cls(mode, workers=workers or os.cpu_count() or 1)
        try:
            yield sandbox
        finally:
            await sandbox._stop()

    @property
    def tier(self) -> Tier:
        """What is in force as far as it is known by now. See `ready`."""
        return self._tier

    def begin(self, warm: tuple[Profile, ...] = (DATA,)) -> None:
        """Start in the background what the first call would have to wait for.

        warm: profiles to start as well; those that cannot be are told in the log.
        """
        if self._probe is None:
            self._probe = asyncio.create_task(self._find_tier(), name="sandbox-probe")
            self._upkeep = asyncio.create_task(self._look_after(), name="sandbox-upkeep")
            self._zygotes.warm(warm, after=self._probe)

    async def ready(self) -> Tier:
        """Wait until it is known which tier is in force; where none was, it is tried again at times."""
        self.begin(())
        if self._probe is not None:
            if self._probe.done() and self._is_worth_a_try():
                self._probe = asyncio.create_task(self._find_tier(), name="sandbox-probe")
            await asyncio.shield(self._probe)
        return self._tier

    def _is_worth_a_try(self) -> bool:
        """A machine that was too busy, or full, may have got better."""
        has_paused = time.monotonic() - self._probed_at >= PROBE_AGAIN_S
        return self._mode != "off" and self._tier.name is None and has_paused

    async def run(self, call: SandboxCall) -> Outcome:
        """Make a call. Cancelling the task that waits here kills the program.

        Raises ToolUnavailable where there is no tier, RateLimited where the owner's queue is full,
        InvalidRequest for a program without a controller or with too much data.
        """
        _check(call)
        if (await self.ready()).name is None:
            raise ToolUnavailable(f"Tools cannot run here. {' '.join(self._tier.reasons)}")
        return await self._run(replace(call, program=self._compiled.complete(call.program)))

    async def _run(self, call: SandboxCall) -> Outcome:
        if call.session is None:
            async with self._turns.take(call.owner):
                return await self._run_once(call)
        async with self._sessions.hold(call) as session, self._turns.take(call.owner):
            return await self._run_in(session, call)

    def end_session(self, owner: str, name: str) -> None:
        """End the owner's session of this name, if there is one, and the call that runs in it."""
        self._sessions.end(owner, name)

    async def _run_once(self, call: SandboxCall) -> Outcome:
        conversation = await self._zygotes.converse(call.program.profile)
        try:
            return await _read(*await conversation.call(call))
        except ConversationLost as lost:
            return await self._give_up(call, conversation, lost)
        finally:
            conversation.hang_up()

    async def _run_in(self, session: Session, call: SandboxCall) -> Outcome:
        conversation = session.conversation
        if conversation is None:
            conversation = await self._zygotes.converse(call.program.profile)
            session.conversation = conversation
        stays = False
        try:
            header, blobs = await conversation.call(call)
            stays = bool(header.get("stays"))
            outcome = await _read(header, blobs)
            return outcome if stays else _without_memory(outcome)
        except ConversationLost as lost:
            return _without_memory(await self._give_up(call, conversation, lost))
        finally:
            if not stays:
                session.end()

    async def _give_up(
        self, call: SandboxCall, conversation: Conversation, lost: ConversationLost
    ) -> Outcome:
        """A zygote whose call is late may be in any state: the next call gets another."""
        if lost.is_late:
            await self._zygotes.end(conversation.zygote)
        kind = "timeout" if lost.is_late else "crashed"
        words = f"The sandbox lost the call: {lost}."
        wall_ms = call.limits.wall_s * 1000 if lost.is_late else 0.0
        return Outcome(None, Failure(kind, words), "", "", is_truncated=False, duration_ms=wall_ms)

    async def _find_tier(self) -> None:
        try:
            tier, zygote = await find_tier(self._mode)
        finally:
            self._probed_at = time.monotonic()
        if tier.name is not None and zygote is not None:
            self._zygotes.begin(tier.name, zygote)
        self._tier = tier

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            self._sessions.end_idle()
            await self._zygotes.end_idle(keep=self._sessions.uses)

    async def _stop(self) -> None:
        await self._compiled.stop()
        tasks = {task for task in (self._probe, self._upkeep) if task is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._sessions.end_all()
        await self._zygotes.stop()


async def _read(header: dict[str, Any], blobs: list[bytes]) -> Outcome:
    if len(blobs[0]) + len(blobs[1]) <= _READ_AT_ONCE_BYTES:
        return outcome_of(header, blobs)
    return await asyncio.to_thread(outcome_of, header, blobs)


def _without_memory(outcome: Outcome) -> Outcome:
    """Of a call that ended its session: a failure says what is lost by it."""
    failure = outcome.failure
    if failure is None:
        return outcome
    words = f"{failure.message} {SESSION_ENDED}".lstrip()
    return replace(outcome, failure=Failure(failure.type, words))


def _check(call: SandboxCall) -> None:
    if "controller.py" not in call.program.files:
        raise InvalidRequest(f"The tool {call.program.name!r} has no controller.py. Add one.")
    for name in call.program.files:
        if not all(map(_is_plain, name.split("/"))):
            raise InvalidRequest(f"{name!r} is no name of a file in a tool's folder. Rename it.")
    for name in call.files:
        if not _is_plain(name):
            words = f"{name!r} is no plain name of a file. Leave out folders, and shorten it."
            raise InvalidRequest(words, param="files")
    size = sum(map(len, (*call.program.files.values(), *call.files.values())))
    if size > MAX_CALL_BYTES:
        raise InvalidRequest(
            f"A call may carry {MAX_CALL_BYTES} bytes of files, not {size}. Send less."
        )


def _is_plain(name: str) -> bool:
    is_named = name not in {"", ".", ".."} and "/" not in name and "\0" not in name
    return is_named and len(name.encode(errors="replace")) <= MAX_NAME_BYTES
