"""Answers that would like to run something, load something or cover the page."""

from collections.abc import Callable

from playwright.sync_api import Dialog, Page, expect

from tests.e2e.chat import answers, ask, questions
from tests.hostile import FORBIDDEN, HOSTILE
from tests.upstreams import Upstream, text

OpenChat = Callable[..., Page]


def test_nothing_in_an_answer_runs_or_loads_or_covers(
    open_chat: OpenChat, provider: Upstream
) -> None:
    page = open_chat()
    dialogs: list[Dialog] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog))
    hostile = list(HOSTILE.values())
    for start in range(0, len(hostile), 6):
        provider.answer("fast", text("\n\n".join([*hostile[start : start + 6], "The end."])))
        ask(page, f"From {start}")
    everything = answers(page)
    everything.first.hover()
    for link in page.locator("#chat-log .md a").all():
        assert (link.get_attribute("href") or "https:").startswith(("https:", "http:", "mailto:"))
        assert link.get_attribute("target") == "_blank"

    assert page.evaluate("window.hacked") is None
    assert dialogs == []
    drawn = page.locator(
        "img.drawing[src^='blob:']"
    )  # the one diagram: an image that was made here
    assert drawn.count() <= 1
    assert everything.locator(FORBIDDEN).and_(page.locator(":not(img.drawing)")).count() == 0
    assert everything.locator("[style], [id], [onclick], [onerror], [data-act]").count() == 0
    assert page.locator("#composer-input").count() == 1
    assert page.evaluate("document.elementFromPoint(720, 30).closest('.bar') !== null")


def test_nothing_in_a_question_runs_not_even_as_a_title(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("Fine."))
    page = open_chat()
    question = " ".join(HOSTILE[name] for name in ("script", "handler", "our own parts"))
    ask(page, question)
    page.reload()
    page.wait_for_selector("html[data-ready]")

    assert questions(page).inner_text().strip() == question
    assert page.evaluate("window.hacked") is None
    assert page.locator("#composer-input").count() == 1


def test_an_address_is_shown_as_text_in_the_toast_that_refuses_it(open_chat: OpenChat) -> None:
    page = open_chat()
    page.evaluate(
        """(id) => {
          history.pushState(null, "", "/?chat=" + encodeURIComponent(id));
          dispatchEvent(new PopStateEvent("popstate"));
        }""",
        HOSTILE["handler"],
    )

    expect(page.get_by_test_id("toast-text")).to_contain_text('onerror="window.hacked = 1"')
    assert page.get_by_test_id("toast-text").locator("img, b").count() == 0
    assert page.evaluate("window.hacked") is None


def test_the_policy_of_the_page_lets_nothing_in_from_elsewhere(open_chat: OpenChat) -> None:
    page = open_chat()
    answer = page.request.get("/")
    policy = answer.headers["content-security-policy"]

    assert "default-src 'self'" in policy
    assert "img-src 'self' data: blob:" in policy
    assert "http" not in policy
