"""Chats go out as files and links, and come in from files."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Locator, Page, expect

from tests.e2e.accessibility import expect_no_serious_findings
from tests.e2e.chat import answers, ask, rows
from tests.e2e.people import Person
from tests.e2e.test_looks import ANSWER
from tests.e2e.watched import Watched
from tests.hostile import FORBIDDEN, HOSTILE
from tests.unit.chat.imports.files import CHATGPT, OPEN_WEBUI, file_of
from tests.upstreams import Upstream, text

OpenChat = Callable[..., Page]
NextPerson = Callable[[], Person]


def _menu(page: Page) -> Locator:
    """Open the menu of the open chat."""
    page.locator("#tab-chat").get_by_role("button", name="Share, export, import").click()
    return page.locator(".menu:popover-open")


def _dialog(page: Page, item: str) -> Locator:
    """Open one of the menu's dialogs."""
    _menu(page).get_by_role("button", name=item).click()
    return page.get_by_role("dialog")


def _download(page: Page, item: str) -> Path:
    with page.expect_download() as download:
        _menu(page).get_by_role("link", name=item).click()
    return download.value.path().rename(
        download.value.path().with_suffix(Path(download.value.suggested_filename).suffix)
    )


def _import(page: Page, name: str, data: bytes) -> Locator:
    """Bring a file in; the dialog."""
    dialog = _dialog(page, "Import…")
    file = {"name": name, "mimeType": "application/json", "buffer": data}
    dialog.get_by_label("File").set_input_files(file)  # type: ignore[arg-type]  # reason: FilePayload
    dialog.get_by_role("button", name="Import", exact=True).click()
    return dialog


def _link(page: Page) -> str:
    """Share the open chat; the link, as it was copied."""
    dialog = _dialog(page, "Share…")
    dialog.get_by_role("button", name="Create a link").click()
    expect(dialog.get_by_text("The link is made.")).to_be_visible()
    dialog.get_by_role("button", name="Copy the link").click()
    expect(dialog.get_by_text("The link is copied.")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    return str(page.evaluate("navigator.clipboard.readText()"))


def _expect_to_fit(page: Page) -> None:
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_chat_goes_out_in_each_format(open_chat: OpenChat, provider: Upstream) -> None:
    provider.answer("fast", text(ANSWER))
    page = open_chat()
    ask(page, "Show me")
    beginnings = {
        "Web page": "<!doctype html>",
        "Markdown": "# Show me",
        "Notebook": "{",
        "JSON, all branches": "{",
        "Export all as ZIP": "PK",
    }
    for item, beginning in beginnings.items():
        file = _download(page, item)
        assert file.read_bytes().startswith(beginning.encode()), item


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_an_exported_page_stands_alone_and_does_nothing(
    open_chat: OpenChat, provider: Upstream, browser: Browser, mode: str
) -> None:
    hostile = list(HOSTILE.values())
    provider.answer("fast", text("\n\n".join([*hostile, ANSWER])))
    page = open_chat()
    ask(page, "Show me")
    file = _download(page, "Web page")

    context = browser.new_context(color_scheme="dark" if mode == "dark" else "light")
    reader = context.new_page()
    requests: list[str] = []
    dialogs: list[Dialog] = []
    reader.on("request", lambda request: requests.append(request.url))
    reader.on("dialog", lambda dialog: dialogs.append(dialog))
    reader.goto(file.as_uri())
    reader.locator("section").last.hover()

    assert requests == [file.as_uri()]
    assert (reader.evaluate("window.hacked"), dialogs) == (None, [])
    assert reader.locator("main").locator(FORBIDDEN).count() == 0
    ground = "getComputedStyle(document.body).backgroundColor"
    assert reader.evaluate(ground) == (
        "rgb(22, 24, 26)" if mode == "dark" else "rgb(255, 255, 255)"
    )
    for width in (390, 1440):
        reader.set_viewport_size({"width": width, "height": 800})
        _expect_to_fit(reader)
    expect_no_serious_findings(reader)
    reader.emulate_media(media="print")
    assert reader.evaluate(ground) == "rgb(255, 255, 255)"
    context.close()


def test_chats_come_in_once_and_what_is_wrong_is_said(open_chat: OpenChat) -> None:
    page = open_chat()
    bad = CHATGPT | {"id": "c-2", "conversation_id": "c-2", "title": "Bad <b>", "create_time": -1}
    dialog = _import(page, "conversations.json", file_of(CHATGPT, bad, OPEN_WEBUI))

    expect(dialog.get_by_role("status")).to_contain_text("2 chats are here now. 1 was not taken:")
    expect(dialog.locator(".io-refused li")).to_have_text(
        ["Bad <b>The time -1 is none that can have been."]
    )
    dialog.get_by_role("button", name="Close").click()
    expect(rows(page)).to_have_text(["Heat pumps", "Ferns"])
    page.get_by_role("button", name="Heat pumps", exact=True).click()
    expect(answers(page)).to_contain_text(["A fridge, turned round."])

    again = _import(page, "conversations.json", file_of(CHATGPT))
    expect(again.get_by_role("status")).to_contain_text("1 was already there.")
    again.get_by_role("button", name="Close").click()
    expect(rows(page)).to_have_count(2)


def test_a_chat_that_comes_alone_can_be_opened_at_once(open_chat: OpenChat) -> None:
    page = open_chat()
    dialog = _import(page, "one.json", file_of(CHATGPT))
    dialog.get_by_role("button", name="Open the chat").click()

    expect(answers(page)).to_contain_text(["A fridge, turned round."])
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_file_without_chats_is_refused_in_words(open_chat: OpenChat, watched: Watched) -> None:
    watched.expected.append("400 (Bad Request)")
    page = open_chat()
    dialog = _import(page, "photo.json", b"hello")

    expect(dialog.get_by_role("alert")).to_contain_text("holds no conversations")
    expect(dialog.get_by_role("button", name="Import", exact=True)).to_be_enabled()


def test_a_new_chat_has_only_what_concerns_all(open_chat: OpenChat) -> None:
    page = open_chat()
    menu = _menu(page)

    expect(menu.get_by_role("button")).to_have_text(["Import…"])
    expect(menu.get_by_role("link")).to_have_text(["Export all as ZIP"])


def test_a_shared_chat_is_read_copied_and_revoked(
    open_chat: OpenChat,
    provider: Upstream,
    watched: Watched,
    people_next: NextPerson,
) -> None:
    watched.expected.append("404 (Not Found)")
    provider.answer("fast", text("About **whales**."))
    page = open_chat()
    ask(page, "Whales")
    link = _link(page)

    reader = watched.page(people_next().cookie)
    reader.goto(link)
    expect(reader.get_by_role("heading", level=1, name="Whales")).to_be_visible()
    expect(reader.locator("strong")).to_have_text("whales")
    expect(reader.get_by_text("Shared by Person")).to_be_visible()
    stranger = watched.page()
    stranger.goto(link)
    expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()
    assert "%2Fshare%2F" in stranger.url

    reader.get_by_role("button", name="Go on in a chat of my own").click()
    reader.wait_for_selector("html[data-ready]")
    expect(answers(reader)).to_contain_text(["About whales."])
    provider.answer("fast", text("More."))
    ask(reader, "Tell me more")
    expect(rows(page)).to_have_count(1)

    dialog = _dialog(page, "Share…")
    dialog.get_by_role("button", name="Revoke the link").click()
    expect(dialog.get_by_text("The link is revoked")).to_be_visible()
    expect(dialog.locator(".io-share")).to_have_count(0)
    reader.goto(link)
    expect(reader.get_by_role("heading", name="This chat is not shared")).to_be_visible()


def test_the_shared_page_has_the_mode_that_was_chosen(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("About whales."))
    page = open_chat()
    ask(page, "Whales")
    link = _link(page)
    page.locator("#tab-chat").get_by_role("button", name="Light or dark").click()

    page.goto(link)

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 26)"


@pytest.mark.parametrize("width", [390, 1440])
def test_menu_dialogs_and_shared_page_are_for_everybody(
    open_chat: OpenChat, provider: Upstream, width: int
) -> None:
    provider.answer("fast", text(ANSWER))
    page = open_chat(width=width)
    ask(page, "A question that is long enough to need two lines on a phone")
    _menu(page)
    expect_no_serious_findings(page)
    page.keyboard.press("Escape")
    link = _link(page)
    bad = CHATGPT | {"create_time": -1, "title": "A title that is rather long for a phone " * 4}
    file = file_of(bad, OPEN_WEBUI)
    for is_sharing in (True, False):
        dialog = _dialog(page, "Share…") if is_sharing else _import(page, "x.json", file)
        expect(dialog.locator("li").first).to_be_visible()
        _expect_to_fit(page)
        expect_no_serious_findings(page)
        dialog.get_by_role("button", name="Close").click()
    page.goto(link)
    _expect_to_fit(page)
    expect_no_serious_findings(page)
