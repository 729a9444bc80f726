import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from functools import partial

import pytest

from aiportal.errors import InternalError, NotFound
from aiportal.notebook.loop import BackgroundLoop, Pump, process_loop
from tests.pressing_stop import press_stop_after


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop()
    yield loop
    loop.close()


class Upstream:
    """Counts without end until it is stopped; knows that it was."""

    def __init__(self) -> None:
        self.has_started = threading.Event()
        self.is_closed = threading.Event()

    async def wait(self) -> None:
        try:
            self.has_started.set()
            await asyncio.Event().wait()
        finally:
            self.is_closed.set()

    async def count(self, *, silent_after: int) -> AsyncGenerator[int, None]:
        try:
            for number in range(silent_after):
                yield number
            self.has_started.set()
            await asyncio.Event().wait()
        finally:
            self.is_closed.set()


async def _numbers(end: int) -> AsyncGenerator[int, None]:
    for number in range(end):
        yield number
        await asyncio.sleep(0)


async def _thread_name() -> str:
    return threading.current_thread().name


async def _refuse() -> None:
    raise NotFound("There is no such thing.")


async def _refuse_after_one() -> AsyncGenerator[int, None]:
    yield 1
    raise NotFound("There is no second.")


def test_work_runs_in_the_loops_own_thread(loop: BackgroundLoop) -> None:
    assert loop.run(_thread_name()) == "aiportal-loop"


async def test_async_callers_hop_to_the_same_thread(loop: BackgroundLoop) -> None:
    assert await loop.wrap(_thread_name()) == "aiportal-loop"


def test_errors_arrive_as_they_are(loop: BackgroundLoop) -> None:
    with pytest.raises(NotFound, match="no such thing"):
        loop.run(_refuse())


def test_an_interrupt_cancels_the_work(loop: BackgroundLoop) -> None:
    upstream = Upstream()
    stop = press_stop_after(partial(upstream.has_started.wait, 10))
    with pytest.raises(KeyboardInterrupt):
        loop.run(upstream.wait())
    stop.join()
    assert upstream.is_closed.wait(5)


async def test_a_cancelled_cell_cancels_the_work(loop: BackgroundLoop) -> None:
    upstream = Upstream()
    cell = asyncio.create_task(loop.wrap(upstream.wait()))
    await asyncio.to_thread(upstream.has_started.wait, 5)
    cell.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cell
    assert await asyncio.to_thread(upstream.is_closed.wait, 5)


def test_a_call_from_the_loop_itself_is_refused_instead_of_hanging(loop: BackgroundLoop) -> None:
    async def nested() -> str:
        return loop.run(_thread_name())

    with pytest.raises(InternalError, match="own loop"):
        loop.run(nested())


def test_closing_twice_ends_the_thread_once() -> None:
    loop = BackgroundLoop()
    upstream = Upstream()
    loop.submit(upstream.wait())
    upstream.has_started.wait(5)
    loop.close()
    loop.close()
    assert upstream.is_closed.is_set()


def test_the_process_has_one_loop() -> None:
    assert process_loop() is process_loop()


def test_a_pump_hands_over_every_item_in_order(loop: BackgroundLoop) -> None:
    pump = Pump(loop, _numbers(1000))
    items = list(iter(pump.read, None))
    assert items == list(range(1000))


async def test_a_pump_serves_async_readers_alike(loop: BackgroundLoop) -> None:
    pump = Pump(loop, _numbers(3))
    assert [await pump.aread() for _ in range(4)] == [0, 1, 2, None]


def test_a_pump_hands_over_what_came_before_an_error(loop: BackgroundLoop) -> None:
    pump = Pump(loop, _refuse_after_one())
    assert pump.read() == 1
    with pytest.raises(NotFound, match="no second"):
        pump.read()


def test_closing_a_pump_half_way_closes_its_source(loop: BackgroundLoop) -> None:
    upstream = Upstream()
    pump = Pump(loop, upstream.count(silent_after=5))
    assert pump.read() == 0
    pump.close()
    assert upstream.is_closed.is_set()


def test_a_full_pump_closes_its_source_too(loop: BackgroundLoop) -> None:
    upstream = Upstream()
    pump = Pump(loop, upstream.count(silent_after=100_000))
    assert pump.read() == 0
    pump.close()
    assert upstream.is_closed.is_set()


def test_an_interrupted_reader_ends_the_iteration(loop: BackgroundLoop) -> None:
    upstream = Upstream()
    pump = Pump(loop, upstream.count(silent_after=0))
    stop = press_stop_after(partial(upstream.has_started.wait, 10))
    with pytest.raises(KeyboardInterrupt):
        pump.read()
    stop.join()
    assert upstream.is_closed.wait(5)
