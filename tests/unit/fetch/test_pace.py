"""A polite rate, and bounds for what is remembered and what waits."""

import asyncio

import pytest

from aiportal.errors import RateLimited
from aiportal.fetch import Pace, Tempo, pace
from aiportal.fetch.pace import Schedule
from tests.upstreams import Gate
from tests.waiting import until


class Runs:
    """Counts those inside a turn; each stays until the gate opens."""

    def __init__(self, turns: Pace) -> None:
        self._turns = turns
        self.inside = 0
        self.most = 0
        self.ended = 0

    async def run(self, key: str, gate: Gate) -> None:
        async with self._turns.turn(key):
            self.inside += 1
            self.most = max(self.most, self.inside)
            await gate.arrival(5)
            self.inside -= 1
            self.ended += 1


async def test_only_so_many_at_once_for_a_key() -> None:
    runs, gate = Runs(Pace(Tempo(interval_s=0, at_once=2))), Gate()
    tasks = [asyncio.create_task(runs.run("a", gate)) for _ in range(5)]
    await until(lambda: runs.inside == 2)

    others = asyncio.create_task(runs.run("b", gate))
    await until(lambda: runs.inside == 3)
    gate.open()
    await asyncio.gather(*tasks, others)

    assert (runs.most, runs.ended) == (3, 6)


async def test_too_many_that_wait_are_sent_away() -> None:
    turns = Pace(Tempo(interval_s=0, at_once=1, waiting=2))
    runs, gate = Runs(turns), Gate()
    tasks = [asyncio.create_task(runs.run("a", gate)) for _ in range(3)]
    await until(lambda: runs.inside == 1)

    with pytest.raises(RateLimited) as refused:
        async with turns.turn("a"):
            pass
    assert refused.value.retry_after_s >= 1

    gate.open()
    await asyncio.gather(*tasks)
    async with turns.turn("a"):  # and there is room again
        pass


def test_a_burst_then_the_interval() -> None:
    schedule = Schedule(interval_s=2, burst=3)

    assert [schedule.book(100) for _ in range(6)] == [0, 0, 0, 2, 4, 6]
    assert schedule.book(105) == 3
    assert [schedule.book(200) for _ in range(4)] == [0, 0, 0, 2]


async def test_a_site_s_own_interval_counts_where_it_is_longer() -> None:
    turns = Pace(Tempo(interval_s=1))
    turns.slow_down("a", 5)
    turns.slow_down("b", 0.5)
    async with turns.turn("a"), turns.turn("b"):
        schedules = [turns._lanes[key].schedule for key in "ab"]

    assert [(one.interval_s, one.burst) for one in schedules] == [(5, 1), (1, 4)]


async def test_one_that_is_cancelled_while_it_waits_leaves_its_place() -> None:
    turns = Pace(Tempo(interval_s=0, at_once=1, waiting=1))
    runs, gate = Runs(turns), Gate()
    first = asyncio.create_task(runs.run("a", gate))
    await until(lambda: runs.inside == 1)
    for _ in range(3):
        waiting = asyncio.create_task(runs.run("a", gate))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    gate.open()
    await first

    async with turns.turn("a"):
        pass


async def test_a_start_that_is_not_made_is_given_back() -> None:
    turns = Pace(Tempo(interval_s=60, burst=1))
    async with turns.turn("a"):
        due_at = turns._lanes["a"].schedule.due_at
        for _ in range(3):
            waiting = asyncio.create_task(Runs(turns).run("a", Gate()))
            await until(lambda: turns._lanes["a"].schedule.due_at > due_at)
            waiting.cancel()
            await asyncio.wait({waiting})
            assert turns._lanes["a"].schedule.due_at == pytest.approx(due_at)


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_MAX_KEYS", 10)
    turns = Pace(Tempo(interval_s=0))
    for number in range(100):
        async with turns.turn(f"{number}"):
            pass

    assert len(turns._lanes) <= 10


async def test_a_key_in_use_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_MAX_KEYS", 2)
    turns = Pace(Tempo(interval_s=0))
    async with turns.turn("a"), turns.turn("b"):
        with pytest.raises(RateLimited):
            async with turns.turn("c"):
                pass
    async with turns.turn("c"):
        pass
