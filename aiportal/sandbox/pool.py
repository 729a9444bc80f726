"""The zygotes, one a profile: started when they are first needed, replaced when they are lost."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from aiportal.errors import ToolUnavailable
from aiportal.sandbox.call import Profile
from aiportal.sandbox.conversation import Conversation, ConversationLost
from aiportal.sandbox.profiles import BARE, DATA
from aiportal.sandbox.spares import Spares
from aiportal.sandbox.zygote import TierName, Zygote

__all__ = ["Zygotes"]

_log: Final = logging.getLogger(__name__)
_TRIES: Final = 2
_LASTING: Final = frozenset({BARE, DATA})
IDLE_S: Final = 600.0  # longer than any call may take


class Zygotes:
    """Begun by `begin`, ended by `stop`."""

    def __init__(self) -> None:
        self._tier: TierName | None = None
        self._running: dict[Profile, Zygote] = {}
        self._spares = Spares()
        self._used_at: dict[Profile, float] = {}
        self._locks: dict[Profile, asyncio.Lock] = {}
        self._warming: set[asyncio.Task[None]] = set()

    def begin(self, tier: TierName, bare: Zygote) -> None:
        """From here on calls are taken, in the tier that `bare` runs in."""
        self._tier = tier
        self._running[BARE] = bare

    def warm(self, profiles: tuple[Profile, ...], *, after: asyncio.Task[None]) -> None:
        """Start profiles in the background, once it is known in which tier."""
        for profile in profiles:
            task = asyncio.create_task(self._warm(profile, after), name="sandbox-warm-up")
            self._warming.add(task)
            task.add_done_callback(self._warming.discard)

    async def converse(self, profile: Profile) -> Conversation:
        """The line of a new call of the profile. Raises ToolUnavailable."""
        for _ in range(_TRIES):
            zygote = await self._get(profile)
            self._used_at[profile] = time.monotonic()
            try:
                return await self._spares.take(zygote)
            except ConversationLost:
                await self.end(zygote)
        raise ToolUnavailable("The sandbox does not take calls. Try again in a moment.")

    async def end(self, zygote: Zygote) -> None:
        """End a zygote that is dead, late or not needed; the next call starts another."""
        for profile, running in list(self._running.items()):
            if running is zygote:
                del self._running[profile]
        await self._spares.drop(zygote)
        await zygote.stop()

    async def end_idle(self, *, keep: Callable[[Profile], bool], idle_s: float = IDLE_S) -> None:
        """End those that nobody has used for so long, but for the bare one and those to keep."""
        latest = time.monotonic() - idle_s
        for profile, zygote in list(self._running.items()):
            is_idle = self._used_at.get(profile, latest) < latest
            if profile not in _LASTING and is_idle and not keep(profile):
                await self.end(zygote)

    async def stop(self) -> None:
        """End them all."""
        warming = list(self._warming)
        for task in warming:
            task.cancel()
        await asyncio.gather(*warming, return_exceptions=True)
        for zygote in list(self._running.values()):
            await self.end(zygote)

    async def _warm(self, profile: Profile, after: asyncio.Task[None]) -> None:
        await asyncio.wait({after})
        try:
            await self._get(profile)
        except ToolUnavailable as error:
            _log.warning("%s", error.message)

    async def _get(self, profile: Profile) -> Zygote:
        async with self._locks.setdefault(profile, asyncio.Lock()):
            zygote = self._running.get(profile)
            if zygote is not None and zygote.is_alive:
                return zygote
            if self._tier is None:
                raise ToolUnavailable("There is no sandbox. Run `aiportal doctor` to see why.")
            if zygote is not None:
                await self.end(zygote)
            self._running[profile] = await Zygote.start(profile, self._tier)
            return self._running[profile]
