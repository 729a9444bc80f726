"""One blind battle: as its owner sees it, and while it runs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Literal

from aiportal.chat.arena.battle_store import BattleEnd, BattleStore, Side
from aiportal.chat.completions import Completions
from aiportal.chat.merging import merged
from aiportal.chat.turn_log import TurnLog
from aiportal.dialects.openai_chat import ChatLimits, ChatRequest
from aiportal.errors import DatabaseUnavailable, PortalError
from aiportal.events import Event, TurnFinished, TurnStarted, UsageReported
from aiportal.principal import Principal
from aiportal.usage import Door

__all__ = ["SIDES", "BattleParts", "BattlePlan", "RunningBattle"]

SIDES: Final[Sequence[Side]] = ("a", "b")
ENDPOINT: Final = "arena"
SAVE_INTERVAL_S: Final = 0.8

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BattleParts:
    """What a battle works with. limits: asked for at each one, because they can be reloaded."""

    store: BattleStore
    completions: Completions
    limits: Callable[[], ChatLimits]


@dataclass(frozen=True, slots=True)
class BattlePlan:
    """A battle that is about to start. models: by the side that each is on."""

    id: str
    principal: Principal
    question: str
    models: Mapping[Side, str]
    source: Door


class RunningBattle:
    """Owns two tasks that ask and one that stores the end. Its events tell no names, no figures and
    no reasons: only texts, and that both have ended, at once."""

    def __init__(self, plan: BattlePlan, parts: BattleParts) -> None:
        self.plan = plan
        self._parts = parts
        hidden = TurnStarted(plan.id, "", "", "", "")
        self._logs: Mapping[Side, TurnLog] = {side: TurnLog(hidden) for side in SIDES}
        self._usages: dict[Side, UsageReported] = {}
        self._whole: set[Side] = set()  # those that have come to their end
        self._is_cancelled = False
        self._answering: Sequence[asyncio.Task[None]] = ()

    def launch(self) -> asyncio.Task[None]:
        """Start; the task of the whole battle."""
        self._answering = [
            asyncio.create_task(self._answer(side), name=f"{self.plan.id} {side}") for side in SIDES
        ]
        self._task = asyncio.create_task(self._run(), name=self.plan.id)
        return self._task

    async def stop(self) -> None:
        """Break both answers off; returns when the end is stored."""
        self._is_cancelled = True
        for task in self._answering:
            task.cancel()
        await asyncio.wait({self._task})

    async def follow(self) -> AsyncIterator[tuple[Side, Event]]:
        """All that comes from both sides, from the start, until both have ended."""
        logs = {side: log.follow(after=1) for side, log in self._logs.items()}
        async with aclosing(merged(logs)) as events:
            async for side, (_, event) in events:
                yield side, event

    async def _run(self) -> None:
        saving = asyncio.create_task(self._save_regularly())
        await asyncio.wait(self._answering)
        saving.cancel()
        await asyncio.wait({saving})
        await self._finish()

    async def _answer(self, side: Side) -> None:
        body = {
            "model": self.plan.models[side],
            "messages": [{"role": "user", "content": self.plan.question}],
            "stream": True,
        }
        try:
            request = ChatRequest.parse(body, self._parts.limits())
            async with self._parts.completions.open(
                self.plan.principal, request, source=self.plan.source, endpoint=ENDPOINT
            ) as completion:
                async for delta in completion.deltas():
                    self._logs[side].append(delta)
            if completion.report is not None:
                self._usages[side] = completion.report
            if self._logs[side].text:
                self._whole.add(side)
        except PortalError as error:
            logger.info("%s: side %s failed: %s", self.plan.id, side, error.message)
        except Exception:  # the task ends: a battle without an answer does not count
            logger.exception("%s: side %s failed", self.plan.id, side)

    async def _finish(self) -> None:
        status: Literal["ended", "cancelled", "failed"] = "ended"
        if self._is_cancelled:
            status = "cancelled"
        elif len(self._whole) < len(SIDES):
            status = "failed"
        end = BattleEnd(status, self._texts(), self._usages)
        try:
            await self._parts.store.end(self.plan.id, end)
        except DatabaseUnavailable as error:
            logger.warning("%s: its end is not stored: %s", self.plan.id, error)
            self._whole.clear()
        for side, log in self._logs.items():  # at once: which was the faster is not told
            log.append(self._end_of(side))

    def _end_of(self, side: Side) -> TurnFinished:
        if self._is_cancelled:
            return TurnFinished("cancelled", None)
        return TurnFinished("done" if side in self._whole else "error", None)

    async def _save_regularly(self) -> None:
        """Keep what has come, about once a second, until cancelled."""
        saved = self._texts()
        while True:
            await asyncio.sleep(SAVE_INTERVAL_S)
            if (texts := self._texts()) == saved:
                continue
            try:
                await self._parts.store.save(self.plan.id, texts)
                saved = texts
            except DatabaseUnavailable as error:
                logger.warning("%s: not saved yet: %s", self.plan.id, error)

    def _texts(self) -> Mapping[Side, str]:
        return {side: log.text for side, log in self._logs.items()}
