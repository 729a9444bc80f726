"""Chats that are not stored, as a person has them."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from aiportal.settings import Settings
from tests.e2e.chat import answers, ask, questions, rows, send, stop
from tests.upstreams import DONE, Gate, Upstream, chunk, stream, text, usage_chunk

OpenChat = Callable[..., Page]
MARK = "marimba-41c9"


def _chip(page: Page) -> Locator:
    return page.get_by_role("checkbox", name="Temporary")


def _title(page: Page) -> Locator:
    return page.locator("#tab-chat .bar h1")


def _is_on_disk(settings: Settings, word: str) -> bool:
    files = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    return any(word.encode() in path.read_bytes() for path in files)


def test_a_temporary_chat_is_asked_reloaded_stopped_answered_again_and_kept(
    open_chat: OpenChat, provider: Upstream, settings: Settings
) -> None:
    first, never = Gate(), Gate()
    provider.answer(
        "fast",
        stream(chunk("One"), first, chunk(f" {MARK}."), chunk(finish="stop"), usage_chunk(), DONE),
        stream(chunk("Two"), never, DONE),
        text("Two anew."),
    )
    page = open_chat()
    compare = page.get_by_role("checkbox", name="Compare")
    compare.check()
    _chip(page).check()
    expect(compare).not_to_be_checked()
    expect(page.get_by_text("This chat is not stored.")).to_be_visible()
    expect(page.get_by_role("button", name="Keep this chat")).to_be_hidden()
    expect(page.get_by_role("button", name="Attach files")).to_be_hidden()
    send(page, f"First {MARK}?")
    expect(answers(page)).to_contain_text(["One"])
    expect(_title(page)).to_have_text("Temporary chat")
    expect(_chip(page)).to_be_hidden()
    expect(compare).to_be_hidden()

    page.reload()  # in the middle of the answer
    expect(answers(page)).to_contain_text(["One"])
    expect(questions(page)).to_contain_text([f"First {MARK}?"])
    send(page, "Too early?")
    expect(page.locator(".toast-body")).to_contain_text("An answer is being written.")
    expect(page.get_by_placeholder("Ask anything")).to_have_value("Too early?")
    first.open()
    expect(answers(page)).to_contain_text([f"One {MARK}."])
    expect(page.locator(".mfoot")).to_have_count(1)

    send(page, "Second?")
    expect(answers(page)).to_contain_text(["One", "Two"])
    stop(page)
    expect(page.locator(".mfoot .tag").last).to_have_text("stopped")
    again = page.get_by_role("button", name="Answer again")
    expect(again).to_have_count(1)  # the last one's alone
    for name in ("Good answer", "More about this answer", "Edit the question"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    again.click()
    expect(answers(page)).to_contain_text(["One", "Two anew."])
    expect(page.locator(".mfoot")).to_have_count(2)
    expect(rows(page)).to_have_count(0)
    assert not _is_on_disk(settings, MARK)
    assert "chat=temp_" in page.url

    page.get_by_role("button", name="Keep this chat").click()
    expect(rows(page)).to_have_text([f"First {MARK}?"])
    expect(page.get_by_text("This chat is not stored.")).to_be_hidden()
    expect(answers(page)).to_contain_text(["One", "Two anew."])
    expect(page.get_by_role("button", name="Good answer")).to_have_count(2)
    assert "chat=conv_" in page.url
    assert _is_on_disk(settings, MARK)


def test_one_that_goes_while_it_is_answered_is_not_left_running(
    open_chat: OpenChat, provider: Upstream
) -> None:
    gate = Gate()
    provider.answer("fast", stream(gate, chunk("One"), DONE))
    page = open_chat()
    _chip(page).check()
    with page.expect_response("**/live/temporary/**"):  # the page follows the answer
        send(page, "Alone?")
    expect(page.get_by_text("The model is working.")).to_have_count(1)
    page.evaluate(
        "fetch(`/api/v1/temporary-chats/${new URLSearchParams(location.search).get('chat')}`,"
        " {method: 'DELETE'}).then((answer) => answer.status)"
    )
    expect(page.locator(".toast-body").first).to_contain_text("This temporary chat is gone.")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    expect(page.get_by_text("The model is working.")).to_have_count(0)
    expect(questions(page)).to_contain_text(["Alone?"])
    gate.open()


def test_one_that_is_gone_says_so_and_a_new_chat_is_a_stored_one_again(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("Yes."), text("Well."))
    page = open_chat(width=390, height=844, color_scheme="dark")
    _chip(page).check()
    ask(page, "Alone?")
    page.evaluate(
        "fetch(`/api/v1/temporary-chats/${new URLSearchParams(location.search).get('chat')}`,"
        " {method: 'DELETE'}).then((answer) => answer.status)"
    )
    send(page, "Still there?")
    gone = page.locator(".toast-body").get_by_text("This temporary chat is gone.")
    expect(gone).to_be_visible()
    expect(questions(page)).to_contain_text(["Alone?"])  # it is nowhere else
    expect(page.get_by_placeholder("Ask anything")).to_have_value("Still there?")
    page.reload()
    expect(gone).to_be_visible()
    expect(page.get_by_placeholder("Ask anything")).to_have_value("")  # no draft was kept
    expect(answers(page)).to_have_count(0)
    expect(_chip(page)).not_to_be_checked()
    expect(page.get_by_text("This chat is not stored.")).to_be_hidden()
    assert "chat=" not in page.url
    page.keyboard.press("Escape")
    ask(page, "Stored?")
    assert "chat=conv_" in page.url

    page.go_back()  # to the new chat
    expect(answers(page)).to_have_count(0)
    page.go_back()  # to the one that is gone
    expect(gone).to_be_visible()
    expect(page).to_have_url(re.compile("^[^?]*$"))
