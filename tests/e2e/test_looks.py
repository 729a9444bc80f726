"""Light and dark, narrow and wide, with a keyboard, for everybody."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import expect_no_serious_findings
from tests.e2e.chat import ask
from tests.upstreams import DONE, Upstream, chunk, error, stream, text

OpenChat = Callable[..., Page]

ANSWER = """# A heading

A paragraph with `code`, **bold** and [a link](https://example.com/).

| A column that is rather long | Another column that is rather long | And a third one |
| --- | --- | ---: |
| some text that does not break easily | some more text of that sort | 1,234,567.89 |

```python
def a_function_with_a_long_name(argument_number_one: int, argument_number_two: int) -> int:
    return argument_number_one + argument_number_two  # a comment
```

A word that is long: Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft.
"""


def test_nothing_sticks_out_sideways(open_chat: OpenChat, provider: Upstream) -> None:
    provider.answer("fast", text(ANSWER))
    page = open_chat()
    ask(page, "A question that is long enough to need two lines on a phone, or so I hope")
    for width in (320, 390, 860, 861, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        composer = page.locator(".composer").bounding_box()
        assert composer is not None
        assert composer["x"] >= 0
        assert composer["x"] + composer["width"] <= width


def test_the_mode_follows_the_system_until_the_user_chooses(open_chat: OpenChat) -> None:
    page = open_chat(color_scheme="dark")
    root, ground = page.locator("html"), page.locator("body")
    expect(root).to_have_attribute("data-theme", "dark")
    expect(ground).to_have_css("background-color", "rgb(22, 24, 26)")
    page.locator("#tab-chat").get_by_role("button", name="Light or dark").click()
    expect(root).to_have_attribute("data-theme", "light")
    expect(ground).to_have_css("background-color", "rgb(255, 255, 255)")

    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(root).to_have_attribute("data-theme", "light")
    expect(ground).not_to_have_class(re.compile(r"\bdark\b"))


@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_serious_in_a_chat(
    open_chat: OpenChat, provider: Upstream, width: int
) -> None:
    provider.answer("fast", text(ANSWER, usage=None), error(503))
    page = open_chat(width=width)
    expect_no_serious_findings(page)
    for question in ("First", "Second"):
        ask(page, question)
    page.get_by_role("button", name="Settings").click()
    expect_no_serious_findings(page)


def test_axe_finds_nothing_serious_in_versions_menus_and_dialogs(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("One."), stream(chunk("Two", finish="length"), DONE))
    page = open_chat(width=390)
    ask(page, "Count")
    page.get_by_title("Answer again").click()
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    expect_no_serious_findings(page)
    page.get_by_title("More about this answer").click()
    expect_no_serious_findings(page)
    page.get_by_role("button", name="Edit the answer").click()
    expect(page.get_by_label("Edit the answer")).to_be_visible()
    expect_no_serious_findings(page)


@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_serious_in_the_list_of_chats(
    open_chat: OpenChat, provider: Upstream, portal_url: str, width: int
) -> None:
    provider.answer("fast", text("About whales."))
    page = open_chat(width=width)
    ask(page, "Whales")
    chat, headers = page.url.partition("chat=")[2], {"Origin": portal_url}
    changes = {"pinned": True, "tags": ["sea"]}
    assert page.request.patch(f"/api/v1/conversations/{chat}", data=changes, headers=headers).ok
    assert page.request.post("/api/v1/projects", data={"name": "Garden"}, headers=headers).ok
    page.reload()
    page.wait_for_selector("html[data-ready]")
    if width == 390:
        page.get_by_role("button", name="Open the menu").click()
    expect_no_serious_findings(page)
    page.get_by_placeholder("Search chats").fill("whales")
    expect(page.locator(".hit").first).to_be_visible()
    page.locator(".slist").get_by_role("button", name="Select").click()
    page.get_by_label("Select Whales").check()
    expect_no_serious_findings(page)
    page.get_by_role("button", name="Move to a project").click()
    expect_no_serious_findings(page)


def test_axe_finds_nothing_serious_before_the_app(watched_page: Callable[..., Page]) -> None:
    for path in ("/login", "/login/link?token=x"):
        page = watched_page()
        page.set_extra_http_headers({"X-Forwarded-For": "203.0.113.9"})
        page.goto(path)
        expect_no_serious_findings(page)


def test_the_other_tabs_say_what_there_will_be(open_chat: OpenChat) -> None:
    page = open_chat()
    for name in ("Deep research", "Live audio", "Admin"):
        page.get_by_role("tab", name=name).click()
        panel = page.get_by_role("tabpanel").filter(has=page.get_by_role("heading", name=name))
        expect(panel.get_by_role("heading", level=1, name=name)).to_be_visible()
        expect(panel.locator(".empty p")).not_to_be_empty()
        expect(panel.get_by_role("button")).to_have_count(1)  # light or dark


def test_on_a_phone_the_chats_are_in_a_drawer(open_chat: OpenChat, provider: Upstream) -> None:
    provider.answer("fast", text("Hello."))
    page = open_chat(width=390, height=844)
    ask(page, "Whales")
    row = page.get_by_role("button", name="Whales", exact=True)
    expect(row).to_be_hidden()
    page.get_by_role("button", name="Open the menu").click()
    expect(row).to_be_visible()
    page.keyboard.press("Escape")
    expect(row).to_be_hidden()


def test_a_question_can_be_asked_with_the_keyboard_alone(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("Hello."))
    page = open_chat()
    page.keyboard.press("Control+k")
    expect(page.get_by_placeholder("Search chats")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.placeholder") == "Ask anything":
            break
    page.keyboard.type("Whales")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("and ferns")
    page.keyboard.press("Enter")
    expect(page.locator(".mfoot")).to_be_visible()
