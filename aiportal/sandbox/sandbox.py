"""The sandbox: programs of strangers, run one process a call, by the strongest means there are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from aiportal.errors import InvalidRequest, ToolUnavailable
from aiportal.sandbox.call import Failure, Outcome, Profile, SandboxCall
from aiportal.sandbox.conversation import Conversation, ConversationLost
from aiportal.sandbox.outcomes import outcome_of
from aiportal.sandbox.pool import Zygotes
from aiportal.sandbox.tiers import SandboxMode, Tier, find_tier
from aiportal.sandbox.turns import Turns

__all__ = ["Sandbox"]

MAX_WAITING_OF_AN_OWNER: Final = 16
MAX_CALL_BYTES: Final = 64 * 1024**2
_PROBING: Final = Tier(None, ("It is being looked into which kind of sandbox there can be.",))


class Sandbox:
    """Made by `open`, which returns at once; the first call waits until it is known what holds."""

    def __init__(self, mode: SandboxMode, *, workers: int) -> None:
        self._mode = mode
        self._turns = Turns(at_once=workers, max_waiting=MAX_WAITING_OF_AN_OWNER)
        self._zygotes = Zygotes()
        self._tier = _PROBING
        self._probe: asyncio.Task[None] | None = None

    @classmethod
    @asynccontextmanager
    async def open(
        cls, mode: SandboxMode, *, workers: int, warm: tuple[Profile, ...] = ()
    ) -> AsyncIterator["Sandbox"]:
        """A sandbox until the context is left; nothing of it stays then.

        workers: calls that run at once. warm: profiles that are started before anybody asks.
        """
        sandbox = cls(mode, workers=workers)
        sandbox._probe = asyncio.create_task(sandbox._find_tier(warm))
        try:
            yield sandbox
        finally:
            sandbox._probe.cancel()
            with suppress(asyncio.CancelledError):
                await sandbox._probe
            await sandbox._zygotes.stop()

    @property
    def tier(self) -> Tier:
        """What is in force as far as it is known by now. See `ready`."""
        return self._tier

    async def ready(self) -> Tier:
        """Wait until it is known which tier is in force."""
        if self._probe is not None:
            await asyncio.shield(self._probe)
        return self._tier

    async def run(self, call: SandboxCall) -> Outcome:
        """Make a call. Cancelling the task that waits here kills the program.

        Raises ToolUnavailable where there is no tier, RateLimited where the owner's queue is full,
        InvalidRequest for a program without a controller or with too much data.
        """
        _check(call)
        if (await self.ready()).name is None:
            raise ToolUnavailable(f"Tools cannot run here. {' '.join(self._tier.reasons)}")
        async with self._turns.take(call.owner):
            return await self._run(call)

    async def _run(self, call: SandboxCall) -> Outcome:
        conversation = await Conversation.over(await self._zygotes.connect(call.program.profile))
        try:
            return outcome_of(*await conversation.call(call))
        except ConversationLost as lost:
            if lost.is_late:
                await self._zygotes.replace(call.program.profile)
            return _lost(call, lost)
        finally:
            conversation.hang_up()

    async def _find_tier(self, warm: tuple[Profile, ...]) -> None:
        self._tier, zygote = await find_tier(self._mode)
        if self._tier.name is None or zygote is None:
            return
        self._zygotes.begin(self._tier.name, zygote, warm)


def _check(call: SandboxCall) -> None:
    if "controller.py" not in call.program.files:
        raise InvalidRequest(f"The tool {call.program.name!r} has no controller.py.")
    for name in call.files:
        if "/" in name or name in {"", ".", ".."} or "\0" in name or len(name.encode()) > 200:
            raise InvalidRequest(f"{name!r} is no plain name of a file.", param="files")
    size = sum(map(len, (*call.program.files.values(), *call.files.values())))
    if size > MAX_CALL_BYTES:
        raise InvalidRequest(f"A call may carry {MAX_CALL_BYTES} bytes of files, not {size}.")


def _lost(call: SandboxCall, lost: ConversationLost) -> Outcome:
    kind = "timeout" if lost.is_late else "crashed"
    words = f"The sandbox lost the call: {lost}."
    wall_ms = call.limits.wall_s * 1000 if lost.is_late else 0.0
    return Outcome(None, Failure(kind, words), "", "", is_truncated=False, duration_ms=wall_ms)
