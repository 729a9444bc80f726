"""What goes into the composer: files, long pastes, drafts, prompts, models by `@`."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from aiportal.settings import Settings
from tests.contract.attaching import with_eyes
from tests.e2e.accessibility import expect_no_serious_findings
from tests.e2e.chat import answers, ask, questions, rows, send
from tests.e2e.watched import Watched
from tests.unit.files.samples import pdf, picture
from tests.upstreams import Upstream, text

OpenChat = Callable[..., Page]
REFUSED = "status of 400"  # what Chromium says of a file that is refused

_DROP = """async ([name, data]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(data)], name));
  const chat = document.querySelector("#tab-chat .chat");
  for (const type of ["dragenter", "dragover", "drop"]) {
    chat.dispatchEvent(new DragEvent(type, {dataTransfer: transfer, bubbles: true, cancelable: true}));
  }
}"""
_PASTE = """([words, data]) => {
  const transfer = new DataTransfer();
  if (words) transfer.setData("text/plain", words);
  if (data) transfer.items.add(new File([new Uint8Array(data)], "shot.png", {type: "image/png"}));
  document.querySelector("#composer-input textarea").dispatchEvent(
    new ClipboardEvent("paste", {clipboardData: transfer, bubbles: true, cancelable: true}));
}"""


@pytest.fixture(scope="module", autouse=True)
def _eyes(settings: Settings, provider: Upstream) -> Iterator[None]:
    """A model that sees, before the portal of these tests starts or while it runs."""
    assert settings.model_config_dir is not None
    with_eyes(settings.model_config_dir, provider.url, name="Acme eyes")
    yield
    (settings.model_config_dir / "models" / "acme" / "eyes.json").unlink()


def _composer(page: Page) -> Locator:
    return page.get_by_placeholder("Ask anything")


def _chips(page: Page) -> Locator:
    return page.get_by_role("list", name="Goes with the question").get_by_role("listitem")


def _choose(page: Page, *files: tuple[str, bytes]) -> None:
    """Pick files by the paperclip."""
    payloads: list[FilePayload] = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        for name, data in files
    ]
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Attach files").click()
    chooser.value.set_files(payloads)


def test_files_go_with_a_question(
    open_chat: OpenChat, provider: Upstream, watched: Watched
) -> None:
    watched.expected.append(REFUSED)
    page = open_chat()
    _choose(page, ("me.png", picture(size=(60, 40))), ("fake.png", b"nothing"))
    page.evaluate(_DROP, ["report.pdf", list(pdf("First page"))])
    page.evaluate(_PASTE, ["", list(picture())])
    expect(page.locator(".fchip.ready")).to_have_count(3)
    expect(page.locator(".fchip.failed")).to_contain_text("is not what its name says")
    expect(page.locator(".fchip.ready img")).to_have_count(2)
    expect(_chips(page).filter(has_text="report.pdf")).to_contain_text("4 tokens")

    send(page, "What is this?")
    expect(page.get_by_role("status").filter(has_text="Remove it, then send")).to_be_attached()
    page.get_by_role("button", name="Remove fake.png").click()
    send(page, "What is this?")
    expect(page.get_by_text("cannot see images. Choose one that can")).to_be_visible()
    expect(_chips(page)).to_have_count(3)
    expect(_composer(page)).to_have_value("What is this?")

    provider.answer("eyes", text("A red picture."))
    _composer(page).press("End")
    _composer(page).press_sequentially(" @eye")
    offered = page.get_by_role("listbox", name="Models and projects")
    option = offered.get_by_role("option", name="Acme eyes")
    expect(option).to_have_attribute("aria-selected", "true")
    expect_no_serious_findings(page)
    _composer(page).press("Enter")
    expect(_chips(page).filter(has_text="with Acme eyes")).to_be_visible()
    _composer(page).press("Enter")
    expect(answers(page).last).to_contain_text("A red picture.")
    expect(_chips(page)).to_have_count(0)
    expect(_composer(page)).to_have_value("")
    assert [part["type"] for part in provider.last().json["messages"][0]["content"]] == [
        "image_url",
        "text",
        "image_url",
        "text",
    ]

    shown = questions(page).first
    expect(shown.locator(".qimg img")).to_have_count(2)
    natural = shown.locator(".qimg img").first.evaluate("(one) => one.naturalWidth")
    assert natural == 60
    expect(shown.get_by_role("link", name=re.compile("report.pdf"))).to_be_visible()
    with page.expect_popup() as popup:
        shown.locator(".qimg").first.click()
    expect(popup.value.locator("img")).to_be_visible()
    expect(page.get_by_label("Model", exact=True)).to_have_value("acme/fast")
    page.reload()
    expect(questions(page).first.locator(".qfiles a")).to_have_count(3)
    expect_no_serious_findings(page)


def test_a_long_paste_becomes_a_file_and_what_is_too_large_is_told(open_chat: OpenChat) -> None:
    page = open_chat()
    page.evaluate(_PASTE, ["word " * 1_000_000, None])
    expect(page.locator(".fchip.ready")).to_contain_text("1,666,667 tokens")
    expect(_composer(page)).to_have_value("")
    send(page, "Sum it up")
    expect(page.get_by_text("'pasted text.txt' with 1,666,667")).to_be_visible()
    page.get_by_role("button", name="Remove pasted text.txt").click()

    page.evaluate("""() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(100 * 1024 * 1024)], "huge.png"));
      document.querySelector("#tab-chat .chat").dispatchEvent(
        new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
    }""")
    expect(page.locator(".fchip.failed")).to_contain_text("It has 100 MB; at most 20 MB are taken")


def test_drafts_wait_in_their_chats(open_chat: OpenChat, watched: Watched) -> None:
    page = open_chat()
    ask(page, "First chat")
    _composer(page).fill("a draft in the first")
    _choose(page, ("notes.md", b"# Notes"))
    expect(page.locator(".fchip.ready")).to_have_count(1)

    page.get_by_role("button", name="New chat").click()
    expect(_composer(page)).to_have_value("")
    expect(_chips(page)).to_have_count(0)
    _composer(page).fill("a draft of a new one")
    rows(page).first.click()
    expect(_composer(page)).to_have_value("a draft in the first")
    page.reload()
    expect(_composer(page)).to_have_value("a draft in the first")
    expect(_chips(page)).to_contain_text("notes.md")
    page.get_by_role("button", name="New chat").click()
    expect(_composer(page)).to_have_value("a draft of a new one")

    _composer(page).press("Enter")
    expect(answers(page).last.locator(".mfoot")).to_be_visible()
    expect(_composer(page)).to_have_value("")
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_role("heading", name="What are you working on?")).to_be_visible()
    expect(_composer(page)).to_have_value("")

    page.get_by_role("button", name="First chat", exact=True).click()
    expect(page.locator(".fchip.ready")).to_contain_text("notes.md")
    watched.expected.append("status of 404")
    page.evaluate("""async () => {
      const {data} = await (await fetch("/api/v1/attachments")).json();
      await fetch(`/api/v1/attachments/${data[0].id}`, {method: "DELETE"});
    }""")
    page.reload()
    expect(page.locator(".fchip.failed")).to_contain_text("is gone. Attach it again")
    expect(_composer(page)).to_have_value("a draft in the first")


def test_a_file_that_was_on_its_way_when_its_chat_was_left_is_not_dropped_silently(
    open_chat: OpenChat,
) -> None:
    page = open_chat()
    ask(page, "First chat")
    page.route("**/api/v1/attachments", lambda _: None)  # it never arrives
    _choose(page, ("notes.md", b"# Notes"))
    expect(page.locator(".fchip.uploading")).to_have_count(1)
    page.get_by_role("button", name="New chat").click()
    expect(_chips(page)).to_have_count(0)
    rows(page).first.click()
    expect(page.locator(".fchip.failed")).to_contain_text("It was not sent to the end")
    page.get_by_role("button", name="Remove notes.md").click()
    expect(_chips(page)).to_have_count(0)


def test_prompts_are_kept_and_asked_with_by_keyboard(open_chat: OpenChat) -> None:
    page = open_chat(width=390, height=844, color_scheme="dark")
    composer = _composer(page)
    composer.press_sequentially("/")
    expect(page.get_by_role("listbox", name="Prompts")).to_be_visible()
    composer.press("Enter")  # there is only the way to their dialog
    dialog = page.get_by_role("dialog", name="Prompts")
    dialog.get_by_role("button", name="New prompt").press("Enter")
    form = page.get_by_role("dialog", name="New prompt")
    form.get_by_label("Command").fill("Translate")
    form.get_by_label("Text", exact=True).fill("Into {{language:French}}: {{text}} ({{user}})")
    expect_no_serious_findings(page)
    form.get_by_role("button", name="Save").press("Enter")
    expect(dialog.get_by_text("/translate")).to_be_visible()
    expect(form).to_have_count(0)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    composer.press_sequentially("/tr")
    expect(page.get_by_role("option", name="/translate")).to_be_visible()
    composer.press("ArrowUp")
    expect(page.get_by_role("option", name="Manage prompts")).to_have_attribute(
        "aria-selected", "true"
    )
    composer.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(composer).to_have_value("/tr")
    composer.press_sequentially("a")
    expect(page.get_by_role("option", name="/translate")).to_be_visible()
    composer.press("Tab")
    asking = page.get_by_role("dialog").filter(has_text="language")
    expect(asking.get_by_label("language")).to_have_value("French")
    page.keyboard.type("German")
    page.keyboard.press("Enter")
    page.keyboard.type("Hello")
    page.keyboard.press("Enter")
    expect(composer).to_have_value(re.compile(r"^Into German: Hello \(person\d+\)$"))
    page.keyboard.type("!")
    expect(composer).to_have_value(re.compile(r"!$"))


def test_a_new_chat_goes_into_a_project_by_its_name(open_chat: OpenChat) -> None:
    page = open_chat()
    page.evaluate("""() => fetch("/api/v1/projects", {method: "POST",
      headers: {"content-type": "application/json"}, body: '{"name": "Thesis"}'})""")
    page.reload()
    expect(page.get_by_role("button", name="Thesis", exact=True)).to_be_visible()
    _composer(page).press_sequentially("@the")
    page.get_by_role("option", name="Thesis").click()
    expect(_chips(page)).to_contain_text("in Thesis")
    ask(page, "Where am I?")
    page.get_by_role("button", name="Thesis", exact=True).click()
    expect(rows(page)).to_have_text(["Where am I?"])
