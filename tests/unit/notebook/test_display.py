import asyncio
import threading
import time

import pytest

from aiportal.errors import NotFound
from aiportal.notebook.answer import Answer
from aiportal.notebook.display import MIN_INTERVAL_S, NoDisplay, Painter, display_here


class Canvas:
    """Remembers what it was shown, and when."""

    shown_in: int | None = None

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.times: list[float] = []
        self.threads: set[str] = set()
        self.has_first = threading.Event()

    def show(self, text: str) -> None:
        self.texts.append(text)
        self.times.append(time.monotonic())
        self.threads.add(threading.current_thread().name)
        self.has_first.set()

    def finish(self, answer: Answer) -> None:
        self.texts.append(str(answer))


async def _write(painter: Painter, canvas: Canvas, *, until_painted: int) -> int:
    """Update as often as can be until the canvas was painted so often; how often that was."""
    count = 0
    async with asyncio.timeout(10):
        while len(canvas.texts) < until_painted:
            count += 1
            painter.update("x" * count)
            await asyncio.sleep(0)
    return count


async def _fail_after(text: str, painter: Painter) -> None:
    async with painter.painting():
        painter.update(text)
        raise NotFound("It has gone.")


async def test_a_growing_text_is_painted_ten_times_a_second_at_most() -> None:
    canvas = Canvas()
    painter = Painter(canvas)
    async with painter.painting():
        count = await _write(painter, canvas, until_painted=4)
    assert canvas.texts[-1] == "x" * count
    gaps = [after - before for before, after in zip(canvas.times, canvas.times[1:], strict=False)]
    assert all(gap >= MIN_INTERVAL_S * 0.9 for gap in gaps[:3])
    assert len(canvas.texts) < count


async def test_the_first_piece_is_painted_at_once() -> None:
    canvas = Canvas()
    painter = Painter(canvas)
    async with painter.painting():
        painter.update("P")
        assert await asyncio.to_thread(canvas.has_first.wait, 5)
    assert canvas.texts == ["P"]


async def test_what_came_last_is_painted_also_when_the_answer_fails() -> None:
    canvas = Canvas()
    painter = Painter(canvas)
    with pytest.raises(NotFound):
        await _fail_after("Par", painter)
    assert canvas.texts[-1] == "Par"


async def test_painting_is_not_done_on_the_loop() -> None:
    canvas = Canvas()
    painter = Painter(canvas)
    async with painter.painting():
        painter.update("P")
    assert threading.current_thread().name not in canvas.threads


def test_outside_ipython_nothing_is_shown() -> None:
    assert isinstance(display_here(), NoDisplay)
