"""The network goes for a second, and Gradio loads the page anew: what was sent and typed stays."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from aiportal.settings import Settings
from tests.e2e.chat import answers, ask, questions, send
from tests.e2e.watched import Watched
from tests.upstreams import Upstream, text

OpenChat = Callable[..., Page]
LOST = ("ERR_INTERNET_DISCONNECTED", "Failed to fetch", "Error parsing", "TypeError")
MARK = "celesta-77d0"


def _go_offline(page: Page) -> None:
    page.evaluate("window.isOld = true")
    page.context.set_offline(offline=True)


def _come_back(page: Page) -> None:
    """Online again; the page that Gradio has loaded since."""
    page.context.set_offline(offline=False)
    page.wait_for_function("!window.isOld && document.documentElement.dataset.ready === ''")


def test_a_question_with_its_file_comes_back_after_the_page_was_loaded_anew(
    open_chat: OpenChat, provider: Upstream, watched: Watched
) -> None:
    watched.expected.extend(LOST)
    provider.answer("fast", text("One."), text("Two."))
    page = open_chat()
    ask(page, "First?")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach files").click()
    chooser.value.set_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"Ada"})
    expect(page.locator(".fchip.ready")).to_have_count(1)
    _go_offline(page)
    send(page, "Second?")
    expect(page.get_by_placeholder("Ask anything")).to_have_value("")
    _come_back(page)
    expect(page.get_by_placeholder("Ask anything")).to_have_value("Second?")
    expect(page.locator(".fchip.ready")).to_contain_text("a.txt")
    expect(questions(page)).to_have_text(["First?"])
    page.get_by_placeholder("Ask anything").press("Enter")
    expect(answers(page)).to_contain_text(["One.", "Two."])
    page.reload()  # it was taken, and does not come back
    expect(questions(page)).to_contain_text(["First?", "Second?"])
    expect(page.get_by_placeholder("Ask anything")).to_have_value("")


def test_a_new_temporary_chat_is_one_still_and_nothing_of_it_is_stored(
    open_chat: OpenChat, provider: Upstream, watched: Watched, settings: Settings
) -> None:
    watched.expected.extend(LOST)
    provider.answer("fast", text("One."))
    page = open_chat()
    chip = page.get_by_role("checkbox", name="Temporary")
    chip.check()
    _go_offline(page)
    send(page, f"First {MARK}?")
    page.get_by_placeholder("Ask anything").fill(f"More {MARK}")
    page.wait_for_function("window.name.includes('More')")
    _come_back(page)
    expect(page.get_by_placeholder("Ask anything")).to_have_value(f"First {MARK}?\n\nMore {MARK}")
    expect(chip).to_be_checked()
    assert page.evaluate("JSON.stringify([localStorage, sessionStorage])").count(MARK) == 0
    ask(page, f"First {MARK}?")
    assert "chat=temp_" in page.url
    page.get_by_placeholder("Ask anything").fill(f"Typed {MARK}")
    page.wait_for_function("window.name.includes('Typed')")
    page.reload()
    expect(page.get_by_placeholder("Ask anything")).to_have_value(f"Typed {MARK}")
    files = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    assert not any(MARK.encode() in path.read_bytes() for path in files)


def test_an_edited_question_is_there_to_be_sent_again(
    open_chat: OpenChat, provider: Upstream, watched: Watched
) -> None:
    watched.expected.extend(LOST)
    provider.answer("fast", text("One."), text("Two."))
    page = open_chat()
    ask(page, "First?")
    page.get_by_role("button", name="Edit the question").click()
    field = page.locator("dialog textarea")
    field.fill("First, in other words?")
    _go_offline(page)
    page.locator("dialog").get_by_role("button", name="Send").click()
    expect(field).to_have_count(0)
    _come_back(page)
    expect(field).to_have_value("First, in other words?")
    page.locator("dialog").get_by_role("button", name="Send").click()
    expect(questions(page)).to_contain_text(["First, in other words?"])
    expect(answers(page)).to_contain_text(["Two."])
    page.reload()
    expect(questions(page)).to_contain_text(["First, in other words?"])
    expect(field).to_have_count(0)
