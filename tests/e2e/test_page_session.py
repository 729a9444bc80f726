"""The page without a browser, which `make bench-pages` measures with, still does what the page does."""

from math import isfinite

from tests.e2e.people import Person
from tests.performance.page_session import PageConfig, PageSession
from tests.upstreams import Upstream, text


async def test_a_question_is_asked_and_its_answer_read(
    portal_url: str, person: Person, provider: Upstream
) -> None:
    provider.answer("fast", text("Here I am."))
    config = await PageConfig.read(portal_url, person.cookie)
    session = PageSession(portal_url, person.cookie, config)
    try:
        assert isfinite(await session.ask("Is anybody there?"))
    finally:
        await session.close()
    assert provider.last().json["messages"][-1]["content"] == "Is anybody there?"
