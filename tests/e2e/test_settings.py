"""What users set for themselves, by the box bottom left or by keys, and the page in their language."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.e2e.accessibility import expect_no_serious_findings
from tests.e2e.chat import ask, rows, send
from tests.e2e.watched import Watched
from tests.upstreams import DONE, Gate, Upstream, chunk, stream, text

OpenChat = Callable[..., Page]
SECTIONS = ("Look and language", "Chats", "API keys", "Sign-in", "Your data")


def _settings(page: Page) -> Locator:
    """Open the settings by their keys; the dialog."""
    page.keyboard.press("Control+,")
    box = page.get_by_role("dialog", name="Settings")
    expect(box.get_by_role("group", name="Theme")).to_be_visible()
    return box


def _section(box: Locator, name: str) -> None:
    box.get_by_role("tab", name=name).click()


def _keeps_send_key(response: Response) -> bool:
    return "send_with" in (response.request.post_data or "")


def _reload(page: Page) -> None:
    page.reload()
    page.wait_for_selector("html[data-ready]")


def _theme_at_first(page: Page) -> list[str]:
    """The theme and density of the next page when its body begins: before anything is painted."""
    page.add_init_script(
        "new MutationObserver((_, watcher) => { if (!document.body) return; watcher.disconnect();"
        " window.atFirst = [document.documentElement.dataset.theme,"
        " document.documentElement.dataset.density]; }).observe(document, {childList: true,"
        " subtree: true})"
    )
    _reload(page)
    first: list[str] = page.evaluate("window.atFirst")
    return first


def test_looks_are_kept_for_the_user_on_every_device(open_chat: OpenChat, stranger: Page) -> None:
    page = open_chat()
    box = _settings(page)
    box.get_by_role("radio", name="Dark").check()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    box.get_by_role("radio", name="Compact").check()
    expect(box.get_by_role("status")).to_have_text("Saved")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    assert _theme_at_first(page) == ["dark", "compact"]

    other = open_chat(width=390, height=844)
    expect(other.locator("html")).to_have_attribute("data-theme", "dark")
    page.context.clear_cookies()
    page.goto("/login")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    stranger.goto("/login")
    expect(stranger.locator("html")).to_have_attribute("data-theme", "light")


def test_new_chats_start_with_what_was_chosen_for_them(
    open_chat: OpenChat, provider: Upstream
) -> None:
    page = open_chat()
    box = _settings(page)
    _section(box, "Chats")
    box.get_by_label("Model", exact=True).select_option("acme/slow")
    box.get_by_label("System prompt").fill("Be brief.")
    box.get_by_label("Temperature").fill("0")
    box.get_by_label("Top p").fill("7")  # there is none above 1: it is not kept
    box.get_by_label("Top p").blur()
    box.get_by_label("Max tokens").fill("50")
    box.get_by_label("Max tokens").blur()
    expect(box.get_by_role("status")).to_have_text("Saved")
    with page.expect_response(_keeps_send_key):  # or the reload may come before it is stored
        box.get_by_role("radio", name="Ctrl + Enter sends").check()
    expect(page.locator("html")).to_have_attribute("data-send-with", "ctrl-enter")
    _reload(page)

    provider.answer("slow", text("Yes."))
    composer = page.get_by_placeholder("Ask anything")
    composer.press_sequentially("One")
    composer.press("Enter")
    composer.press_sequentially("Two")
    expect(composer).to_have_value("One\nTwo")
    composer.press("Control+Enter")
    expect(page.locator(".mfoot")).to_have_count(1)
    sent = provider.last().json
    assert (sent["model"], sent["temperature"], sent["max_tokens"]) == ("slow", 0, 50)
    assert "top_p" not in sent
    assert [one["content"] for one in sent["messages"]] == ["Be brief.", "One\nTwo"]

    page.get_by_label("Model", exact=True).select_option("acme/fast")
    page.keyboard.press("Control+Shift+O")
    expect(page.get_by_label("Model", exact=True)).to_have_value("acme/slow")


def test_keys_and_browsers_are_made_and_ended(
    open_chat: OpenChat, watched: Watched, portal_url: str
) -> None:
    page = open_chat()
    box = _settings(page)
    _section(box, "API keys")
    expect(box.get_by_text("There is no key yet.")).to_be_visible()
    box.get_by_label("Name").fill("laptop")
    box.get_by_role("button", name="Make a key").click()
    key = box.get_by_role("group", name="New key").locator("code").inner_text()
    assert re.fullmatch(r"ak_[0-9a-f]{64}", key)
    box.get_by_role("button", name="Copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == key
    by_key = {"X-API-Key": key}
    stranger = watched.page()
    assert stranger.request.get("/api/auth/me", headers=by_key).ok
    _section(box, "Chats")
    _section(box, "API keys")
    expect(box.get_by_text(key)).to_have_count(0)  # it was shown once
    expect(box.get_by_text(f"ak_…{key[-4:]}")).to_be_visible()
    box.get_by_role("button", name="Revoke").click()
    page.locator("dialog.dialog").last.get_by_role("button", name="Revoke").click()
    expect(box.get_by_text("There is no key yet.")).to_be_visible()
    assert stranger.request.get("/api/auth/me", headers=by_key).status == 401

    _section(box, "Sign-in")
    expect(box.get_by_text("this browser")).to_be_visible()
    box.get_by_label("New password").fill("weak")
    watched.expected.append("400 (Bad Request)")
    box.get_by_role("button", name="Change the password").click()
    expect(box.get_by_role("status")).to_contain_text("at least 8 characters")
    box.get_by_label("New password").fill("Tr0ub4dor&3")
    box.get_by_role("button", name="Change the password").click()
    expect(box.get_by_role("status")).to_contain_text("The password is changed.")
    username = page.locator("#account-menu b").text_content() or ""
    other = watched.page()
    other.goto("/login")
    other.get_by_label("User name or email").fill(username)
    other.get_by_label("Password").fill("Tr0ub4dor&3")
    other.get_by_role("button", name="Sign in").click()
    other.wait_for_selector("html[data-ready]")
    _section(box, "Look and language")
    _section(box, "Sign-in")
    box.get_by_role("button", name="Sign out all others").click()
    expect(box.locator(".lines li")).to_have_count(1)
    assert other.request.get("/api/auth/me").status == 401
    assert page.request.get("/api/auth/me").ok


def test_all_of_ones_data_is_taken_along_and_deleted(
    open_chat: OpenChat, provider: Upstream, tmp_path: Path
) -> None:
    page = open_chat(width=390, height=844)
    provider.answer("fast", text("They do."))
    ask(page, "Do moths sleep?")
    page.get_by_role("button", name="Open the menu").click()
    page.locator(".acct-open").click()
    page.get_by_role("button", name="Settings").first.click()
    box = page.get_by_role("dialog", name="Settings")
    assert box.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    for name in SECTIONS:
        _section(box, name)
        expect(box.get_by_role("tabpanel", name=name)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with page.expect_download() as download:
        box.get_by_role("link", name="Download all my data").click()
    download.value.save_as(tmp_path / "mine.zip")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "mine.zip").read_bytes())) as archive:
        assert "chats/00001-do-moths-sleep.json" in archive.namelist()

    box.get_by_role("button", name="Delete all chats").click()
    username = page.locator("#account-menu b").text_content() or ""
    confirm = page.get_by_label(f"To confirm, write your user name: {username}")
    confirm.fill("somebody")
    page.get_by_role("button", name="Delete for good").click()
    expect(confirm).to_be_visible()  # nothing has happened
    confirm.fill(username)
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="What are you working on?")).to_be_visible()
    assert page.request.get("/api/v1/conversations").json()["data"] == []

    page.keyboard.press("Control+,")
    _section(box, "Your data")
    box.get_by_role("button", name="Delete my account").click()
    confirm.fill(username)
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.request.get("/api/auth/me").status == 401


def test_keys_do_what_their_list_says(open_chat: OpenChat, provider: Upstream) -> None:
    page = open_chat()
    provider.answer("fast", text("About moths."), text("About whales."))
    ask(page, "Moths")
    page.keyboard.press("Control+Shift+O")
    expect(page.get_by_role("heading", name="What are you working on?")).to_be_visible()
    ask(page, "Whales")
    expect(rows(page)).to_have_text(["Whales", "Moths"])
    title = page.locator("#tab-chat h1")
    page.keyboard.press("Alt+ArrowDown")
    expect(title).to_have_text("Moths")
    page.keyboard.press("Alt+ArrowUp")
    expect(title).to_have_text("Whales")
    page.get_by_placeholder("Ask anything").press_sequentially("?/")  # in a field they are letters
    expect(page.get_by_placeholder("Ask anything")).to_have_value("?/")
    page.get_by_placeholder("Ask anything").fill("")

    page.keyboard.press("Control+b")
    expect(page.get_by_placeholder("Search chats")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.get_by_placeholder("Search chats")).to_be_focused()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.locator(".keys-list dt")).to_have_count(10)
    expect_no_serious_findings(page)
    page.keyboard.press("Control+b")  # waits below a dialog
    page.keyboard.press("Escape")
    expect(page.get_by_placeholder("Search chats")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_placeholder("Ask anything")).to_be_focused()

    gate = Gate()
    provider.answer("fast", stream(chunk("First"), gate, chunk(" part"), DONE))
    send(page, "Count")
    expect(page.locator("#chat-log")).to_contain_text("First")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    expect(page.locator("#chat-log")).not_to_contain_text("part")
    gate.open()


@pytest.mark.parametrize(("width", "mode"), [(1440, "light"), (390, "dark")])
def test_the_settings_are_for_everybody(open_chat: OpenChat, width: int, mode: str) -> None:
    page = open_chat(width=width, color_scheme=mode)
    box = _settings(page)
    first = box.get_by_role("tab", name="Look and language")
    expect(first).to_be_focused()
    for name in SECTIONS:
        expect(box.get_by_role("tab", name=name)).to_be_focused()
        expect(box.get_by_role("tabpanel", name=name)).to_be_visible()
        expect_no_serious_findings(page)
        page.keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    expect(box.get_by_role("tabpanel", name="Look and language")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator("html")).to_have_attribute("data-look", "light")


def test_the_page_is_in_the_language_that_was_chosen(
    open_chat: OpenChat, provider: Upstream
) -> None:
    page = open_chat()
    page.get_by_placeholder("Ask anything").fill("Half a question")
    box = _settings(page)
    box.get_by_label("Language", exact=True).select_option("ar")
    expect(page.locator("html[data-ready]")).to_have_attribute("dir", "rtl")
    expect(page.get_by_placeholder("اسأل عن أي شيء")).to_have_value("Half a question")
    expect(page.get_by_text("ستظهر محادثاتك هنا.")).to_be_visible()  # what a handler rendered
    assert page.evaluate("navigator.language") == "ar"
    side = page.locator(".slist").bounding_box()
    assert side is not None
    assert side["x"] > 1100
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert page.evaluate("/[⟦⟧]/.test(document.body.innerHTML)") is False

    provider.answer("fast", text("نعم:\n\n```python\nprint(1)\n```"))
    page.get_by_placeholder("اسأل عن أي شيء").press("Enter")
    copy = page.get_by_role("button", name="نسخ الإجابة")
    expect(copy).to_be_visible()
    at = copy.bounding_box()
    assert at is not None
    assert at["x"] > 600  # what can be done stands where the reader begins
    code = page.locator("#chat-log .code")
    expect(code.get_by_role("button", name="نسخ الشيفرة")).to_be_visible()
    expect(code.locator("pre")).to_have_css("direction", "ltr")
    page.get_by_role("button", name="المزيد عن هذه الإجابة").click()
    page.get_by_role("button", name="التفاصيل").click()
    facts = page.get_by_role("dialog", name="عن هذه الإجابة")
    expect(facts).to_contain_text("النموذج المجيب")
    page.keyboard.press("Escape")

    page.keyboard.press("Control+,")
    box = page.get_by_role("dialog", name="الإعدادات")
    box.get_by_label("اللغة", exact=True).select_option("de")
    expect(page.locator("html[data-ready]")).to_have_attribute("lang", "de")
    expect(page.get_by_role("tab", name="Tiefe Recherche")).to_be_visible()
    expect(page.get_by_role("button", name="Antwort kopieren")).to_be_visible()
    page.context.clear_cookies(name="aiportal_session")
    page.goto("/login")
    expect(page.get_by_role("button", name="Anmelden")).to_be_visible()
