"""The page without a browser, which `make bench-pages` measures with, still does what the page does."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from math import isfinite

from tests.e2e.people import Person
from tests.performance.page_session import PageConfig, PageSession
from tests.upstreams import Upstream, text


async def _ask(url: str, cookie: str, question: str) -> float:
    session = PageSession(url, cookie, await PageConfig.read(url, cookie))
    try:
        return await session.ask(question)
    finally:
        await session.close()


def test_a_question_is_asked_and_its_answer_read(
    portal_url: str, person: Person, provider: Upstream
) -> None:
    provider.answer("fast", text("Here I am."))
    asking = _ask(portal_url, person.cookie, "Is anybody there?")
    with ThreadPoolExecutor(1) as thread:  # the browser's own loop runs in this one
        assert isfinite(thread.submit(asyncio.run, asking).result())
    assert provider.last().json["messages"][-1]["content"] == "Is anybody there?"
