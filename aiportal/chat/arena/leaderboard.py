"""The standings of all models by the votes of all users of the portal."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiportal.chat.arena.battle_store import BattleStore
from aiportal.chat.arena.rating import Standing, standings

__all__ = ["Leaderboard", "Standings"]


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The strongest first. votes: of the whole portal, those on models that are not listed too."""

    standings: Sequence[Standing]
    votes: int


class Standings:
    """Worked out in a thread when asked for, one at a time, and kept until there is a new vote."""

    def __init__(self, store: BattleStore) -> None:
        self._store = store
        self._working = asyncio.Lock()
        self._votes: tuple[int, str | None] = (0, None)
        self._found: Sequence[Standing] = ()

    async def get(self) -> Leaderboard:
        """Of all models that were voted on."""
        async with self._working:
            votes = await self._store.votes()
            if votes != self._votes:
                tally = await self._store.tally()
                self._found = await asyncio.to_thread(standings, tally)
                self._votes = votes
            return Leaderboard(self._found, votes[0])
