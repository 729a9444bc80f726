"""The page without a browser, which `make bench-pages` measures with, still does what the page does."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import isfinite

from tests.e2e.people import Person
from tests.performance.page_session import PageConfig, PageSession
from tests.upstreams import DONE, Gate, Upstream, chunk, stream, text


async def _ask(url: str, cookie: str, on_first_words: Callable[[], None]) -> float:
    session = PageSession(url, cookie, await PageConfig.read(url, cookie))
    try:
        return await session.ask("Is anybody there?", on_first_words)
    finally:
        await session.close()


def _asked(url: str, person: Person, on_first_words: Callable[[], None]) -> float:
    """In a thread, as the browser's own loop runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        asking = _ask(url, person.cookie, on_first_words)
        return thread.submit(asyncio.run, asking).result()


def test_a_question_is_asked_and_its_answer_read(
    portal_url: str, person: Person, provider: Upstream
) -> None:
    gate = Gate()
    provider.answer("fast", stream(chunk("Here"), gate, chunk(" I am.", finish="stop"), DONE))

    assert isfinite(_asked(portal_url, person, gate.open))
    assert gate.is_open
    assert provider.last().json["messages"][-1]["content"] == "Is anybody there?"


def test_an_answer_that_is_complete_at_once_is_read(
    portal_url: str, person: Person, provider: Upstream
) -> None:
    provider.answer("fast", text("Here I am."))

    assert isfinite(_asked(portal_url, person, lambda: None))
