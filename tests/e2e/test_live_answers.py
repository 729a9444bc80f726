"""Answers that are drawn by the page while they are written."""

import json
from collections.abc import Callable

import httpx
from playwright.sync_api import Page, Route, expect

from aiportal.accounts import COOKIE_NAME
from tests.e2e.chat import answers, send
from tests.e2e.people import Person
from tests.upstreams import DONE, Gate, Upstream, chunk, stream

OpenChat = Callable[..., Page]

COUNT_FRAMES = """
window.frames_asked = 0;
const nextFrame = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (act) => {
  window.frames_asked += 1;
  return nextFrame(act);
};
"""
NO_MORE_FRAMES = """() => {
  const before = window.frames_before;
  window.frames_before = window.frames_asked;
  return before === window.frames_asked;
}"""


def _drawn(body: str) -> str:
    """The HTML that a stream of a single answer amounts to."""
    html = ""
    for line in body.splitlines():
        if line.startswith("data: ") and "part" in (step := json.loads(line[6:])):
            html = html[: step["keep"]] + step["html"]
    return html


def test_what_is_selected_stays_while_the_answer_grows(
    open_chat: OpenChat, provider: Upstream
) -> None:
    first, second = Gate(), Gate()
    provider.answer(
        "fast",
        stream(chunk("The first paragraph.\n\nThe second"), first, chunk(" goes on.\n\n- One\n"),
               second, chunk("- Two\n", finish="stop"), DONE),
    )  # fmt: skip
    page = open_chat()
    send(page, "Slowly")
    expect(answers(page)).to_contain_text(["The second"])
    page.evaluate("""() => {
      const first = document.querySelector("#chat-log .live p");
      getSelection().selectAllChildren(first);
      window.kept = first;
    }""")
    first.open()
    expect(answers(page).locator("li")).to_have_text(["One"])

    assert page.evaluate("window.kept.isConnected")
    assert page.evaluate("getSelection().toString()") == "The first paragraph."
    second.open()
    expect(page.locator(".mfoot")).to_be_visible()
    expect(answers(page).locator("li")).to_have_text(["One", "Two"])
    expect(page.locator("#chat-log .live")).to_have_count(0)


def test_what_came_with_the_chat_stays_when_its_answer_is_followed(
    open_chat: OpenChat, provider: Upstream
) -> None:
    first, second = Gate(), Gate()
    provider.answer(
        "fast",
        stream(chunk("The first paragraph.\n\nThe second"), first, chunk(" goes on."), second,
               chunk(" It ends.", finish="stop"), DONE),
    )  # fmt: skip
    page = open_chat()
    send(page, "Slowly")
    expect(answers(page)).to_contain_text(["The second"])
    held: list[Route] = []
    page.route("**/live/**", lambda route: held.append(route))
    page.reload()
    expect(answers(page)).to_contain_text(["The second"])
    page.evaluate('() => { window.kept = document.querySelector("#chat-log .live p"); }')
    for route in held:
        route.continue_()
    first.open()
    expect(answers(page)).to_contain_text(["goes on."])

    assert page.evaluate("window.kept.isConnected")
    second.open()
    expect(page.locator(".mfoot")).to_be_visible()


def test_whoever_comes_back_gets_all_that_there_is(
    open_chat: OpenChat, provider: Upstream, person: Person, portal_url: str
) -> None:
    gate = Gate()
    provider.answer(
        "fast", stream(chunk("**One** "), gate, chunk("\U0001f600 two", finish="stop"), DONE)
    )
    page = open_chat()
    send(page, "Slowly")
    expect(answers(page)).to_contain_text(["One"])
    classes = page.locator("#chat-log .live").get_attribute("class") or ""
    address = next(one[5:] for one in classes.split() if one.startswith("from-"))
    gate.open()
    expect(page.locator(".mfoot")).to_be_visible()

    headers = {"cookie": f"{COOKIE_NAME}={person.cookie}"}
    again = httpx.get(f"{portal_url}/live/{address}", headers=headers)
    assert again.headers["content-type"].startswith("text/event-stream")
    assert again.headers["cache-control"] == "no-store"
    assert "<strong>One</strong> \U0001f600 two" in _drawn(again.text)
    assert again.text.endswith("event: end\ndata: {}\n\n")


def test_a_page_that_rests_asks_for_no_frames_of_the_screen(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", stream(chunk("Done.", finish="stop"), DONE))
    page = open_chat()
    page.add_init_script(COUNT_FRAMES)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.wait_for_function(NO_MORE_FRAMES, polling=300)
    send(page, "Quickly")
    expect(page.locator(".mfoot")).to_be_visible()
    page.wait_for_function(NO_MORE_FRAMES, polling=300)
