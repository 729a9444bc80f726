"""Fairness between owners, without any sandbox."""

import asyncio

import pytest

from aiportal.errors import RateLimited
from aiportal.sandbox.turns import Turns


class Crowd:
    """Owners who each hold their turn until `go`."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.served: list[str] = []
        self.gate = asyncio.Semaphore(0)
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, owner: str) -> asyncio.Task[None]:
        task = asyncio.create_task(self._wait(owner))
        self.tasks.append(task)
        await asyncio.sleep(0)
        return task

    async def _wait(self, owner: str) -> None:
        async with self.turns.take(owner):
            self.served.append(owner)
            await self.gate.acquire()

    async def all_served(self) -> None:
        for _ in self.tasks:
            self.gate.release()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_owners_are_served_in_turn() -> None:
    crowd = Crowd(Turns(at_once=1, max_waiting=10))
    for owner in ("first", "many", "many", "many", "few"):
        await crowd.come(owner)
    await crowd.all_served()
    assert crowd.served == ["first", "many", "few", "many", "many"]


async def test_only_so_many_of_an_owner_wait() -> None:
    crowd = Crowd(Turns(at_once=1, max_waiting=2))
    for _ in range(3):
        await crowd.come("many")
    refused = await crowd.come("many")
    with pytest.raises(RateLimited) as caught:
        await refused
    assert caught.value.retry_after_s > 0
    await crowd.come("few")
    await crowd.all_served()
    assert crowd.served == ["many", "many", "few", "many"]


async def test_one_who_gives_up_is_passed_over() -> None:
    crowd = Crowd(Turns(at_once=1, max_waiting=2))
    await crowd.come("first")
    gone = await crowd.come("gone")
    await crowd.come("last")
    gone.cancel()
    await crowd.all_served()
    assert crowd.served == ["first", "last"]


async def test_a_turn_given_to_one_who_gives_up_goes_on() -> None:
    turns = Turns(at_once=1, max_waiting=2)
    crowd = Crowd(turns)
    first, second = await crowd.come("first"), await crowd.come("second")
    await crowd.come("third")
    crowd.gate.release()
    await first
    second.cancel()
    await crowd.all_served()
    assert crowd.served[-1] == "third"
