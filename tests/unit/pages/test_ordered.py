"""Events of one page against each other, as Gradio runs them."""

import asyncio
from typing import Any

import gradio as gr
import pytest

from aiportal.routing import Precedence
from pages.ordered import MAX_EVENTS, OrderedBlocks, at_any_time
from pages.pace import Pace


class Pages:
    """Two functions, of which the first waits, and Stop."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.ended: list[str] = []
        with OrderedBlocks(Pace(Precedence())) as self._blocks:
            text = gr.Textbox()
            for handler in (self.slow, self.quick, self.stop):
                text.change(handler, None, text)
        self._functions = dict(
            zip(("slow", "quick", "stop"), self._blocks.fns.values(), strict=True)
        )

    async def slow(self) -> None:
        await self.may_end.wait()
        self.ended.append("slow")

    async def quick(self) -> None:
        self.ended.append("quick")

    @at_any_time
    async def stop(self) -> None:
        self.ended.append("stop")

    def event(self, name: str, *, page: str) -> asyncio.Task[Any]:
        """One event, as the queue has it handled."""
        call = self._blocks.process_api(self._functions[name], [], session_hash=page)
        return asyncio.create_task(call)


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> None:
    """Gradio works out a path wherever it makes a component, also beneath our code."""


@pytest.fixture
async def pages() -> Pages:
    return Pages()


async def test_a_later_event_of_a_page_ends_later(pages: Pages) -> None:
    events = [pages.event("slow", page="a"), pages.event("quick", page="a")]
    await pages.event("quick", page="b")
    assert pages.ended == ["quick"]
    pages.may_end.set()
    await asyncio.gather(*events)
    assert pages.ended == ["quick", "slow", "quick"]


async def test_stop_waits_for_nothing(pages: Pages) -> None:
    waiting = pages.event("slow", page="a")
    await pages.event("stop", page="a")
    assert pages.ended == ["stop"]
    pages.may_end.set()
    await waiting


async def test_an_event_that_is_cut_off_holds_up_nothing(pages: Pages) -> None:
    waiting = [pages.event("slow", page="a"), pages.event("slow", page="a")]
    await pages.event("stop", page="a")
    for one in waiting:
        one.cancel()
    await asyncio.wait(waiting)
    await pages.event("quick", page="a")
    assert pages.ended == ["stop", "quick"]


async def test_no_page_takes_the_places_of_all(pages: Pages) -> None:
    waiting = [pages.event("slow", page="a") for _ in range(MAX_EVENTS)]
    await pages.event("quick", page="b")
    with pytest.raises(gr.Error, match="Too much"):
        await pages.event("quick", page="a")
    await pages.event("stop", page="a")
    pages.may_end.set()
    await asyncio.gather(*waiting)
    await pages.event("quick", page="a")
    assert pages.ended[:2] == ["quick", "stop"]
