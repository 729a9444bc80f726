"""Versions of questions and answers: going between them, editing, going on, forking, deleting."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.chat import answers, ask, questions, rows, send, stop
from tests.upstreams import DONE, Gate, Upstream, chunk, error, hang, stream, text

OpenChat = Callable[..., Page]
SIZES = pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])


def _question(page: Page, place: int = 0) -> Locator:
    """The row of a question."""
    return page.locator("#chat-log .user-row").nth(place)


def _answer(page: Page, place: int = 0) -> Locator:
    """The row of an answer."""
    return page.locator("#chat-log .bot-row").nth(place)


def _version(row: Locator) -> Locator:
    """Which of how many versions a row shows."""
    return row.locator(".vers .n")


def _menu(row: Locator, item: str) -> None:
    """Choose something from the menu of a message."""
    row.hover()
    row.get_by_title(re.compile("^More about")).click()
    row.page.locator(".menu:popover-open").get_by_role("button", name=item).click()


def _cut(words: str) -> Any:
    """An answer that reaches its greatest length."""
    return stream(chunk(words, finish="length"), DONE)


def _sent(provider: Upstream) -> list[str]:
    return [message["content"] for message in provider.last().json["messages"]]


@SIZES
def test_versions_of_an_answer_are_gone_between_and_the_chat_goes_on_from_the_one_shown(
    open_chat: OpenChat, provider: Upstream, width: int, height: int
) -> None:
    provider.answer("fast", text("One."), text("Two."), text("More."))
    page = open_chat(width=width, height=height)
    ask(page, "Count")
    page.get_by_title("Answer again").click()
    expect(answers(page)).to_contain_text(["Two."])
    expect(_version(_answer(page))).to_have_text("2/2")
    expect(page.get_by_title("Next version")).to_be_disabled()

    page.get_by_title("Previous version").click()
    expect(answers(page)).to_contain_text(["One."])
    expect(_version(_answer(page))).to_have_text("1/2")
    page.reload()
    expect(answers(page)).to_contain_text(["One."])
    elsewhere = open_chat(page.url)
    expect(answers(elsewhere)).to_contain_text(["One."])

    ask(page, "And on")
    assert _sent(provider) == ["Count", "One.", "And on"]
    expect(answers(page)).to_contain_text(["One.", "More."])
    page.get_by_title("Next version").click()
    expect(answers(page)).to_have_count(1)
    expect(answers(page)).to_contain_text(["Two."])


def test_two_pages_on_two_branches_each_ask_on_where_they_are(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("One."), text("Two."), text("More."))
    page = open_chat()
    ask(page, "Count")
    page.get_by_title("Answer again").click()
    expect(answers(page)).to_contain_text(["Two."])
    other = open_chat(page.url)
    other.get_by_title("Previous version").click()
    expect(answers(other)).to_contain_text(["One."])

    ask(page, "On with two")
    assert _sent(provider) == ["Count", "Two.", "On with two"]
    expect(answers(page)).to_contain_text(["Two.", "More."])
    ask(other, "On with one")
    assert _sent(provider) == ["Count", "One.", "On with one"]


def test_the_keyboard_goes_between_versions_and_stays_there(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("One."), text("Two."), text("Three."))
    page = open_chat()
    ask(page, "Count")
    for number, words in ((2, "Two."), (3, "Three.")):
        page.get_by_title("Answer again").click()
        expect(answers(page)).to_contain_text([words])
        expect(_version(_answer(page))).to_have_text(f"{number}/{number}")
        expect(page.get_by_role("button", name="Send")).to_be_visible()  # no drawing comes after it
    page.get_by_title("Previous version").focus()
    for number in (2, 1):
        page.keyboard.press("Enter")
        expect(_version(_answer(page))).to_have_text(f"{number}/3")
    expect(page.get_by_title("Next version")).to_be_focused()
    page.keyboard.press("Enter")
    expect(answers(page)).to_contain_text(["Two."])
    expect(page.get_by_title("Next version")).to_be_focused()


@SIZES
def test_a_question_is_edited_and_sent_beside_the_earlier_one(
    open_chat: OpenChat, provider: Upstream, width: int, height: int
) -> None:
    provider.answer("fast", text("About whales."), text("About ferns."))
    page = open_chat(width=width, height=height)
    ask(page, "Tell me about *whales*")
    _question(page).hover()
    page.get_by_title("Edit the question").click()
    field = page.get_by_label("Edit the question")
    expect(field).to_have_value("Tell me about *whales*")
    field.fill("Tell me about *ferns*")
    page.get_by_role("dialog").get_by_role("button", name="Send").click()

    expect(answers(page)).to_contain_text(["About ferns."])
    expect(_version(_question(page))).to_have_text("2/2")
    assert _sent(provider) == ["Tell me about *ferns*"]
    page.get_by_title("Previous version").click()
    expect(answers(page)).to_contain_text(["About whales."])
    expect(questions(page)).to_contain_text(["Tell me about *whales*"])


def test_texts_are_changed_where_they_stand_and_the_model_is_sent_what_they_are_now(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("A **bold** lie."), text("Yes."))
    page = open_chat()
    ask(page, "Tell me")
    _menu(_answer(page), "Edit the answer")
    field = page.get_by_label("Edit the answer")
    expect(field).to_have_value("A **bold** lie.")
    field.fill("A **bold** truth.")
    page.keyboard.press("Control+Enter")
    expect(answers(page)).to_contain_text(["A bold truth."])
    expect(_answer(page).locator(".tag")).to_contain_text(["edited"])

    _question(page).hover()
    page.get_by_title("Edit the question").click()
    page.get_by_label("Edit the question").fill("Tell me all")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(_question(page)).to_contain_text("Tell me all")
    ask(page, "Is it so?")
    assert _sent(provider) == ["Tell me all", "A **bold** truth.", "Is it so?"]


def test_an_edit_can_be_left_and_an_empty_one_is_not_taken(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("Yes."))
    page = open_chat()
    ask(page, "Is it so?")
    _question(page).hover()
    page.get_by_title("Edit the question").click()
    page.get_by_label("Edit the question").fill("")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(questions(page)).to_contain_text(["Is it so?"])


def test_an_answer_is_had_again_from_a_model_that_is_chosen_for_it_alone(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("From the fast one."))
    provider.answer("slow", text("From the slow one."))
    page = open_chat()
    ask(page, "Who are you?")
    _menu(_answer(page), "Answer again with …")
    page.get_by_role("dialog").get_by_label("Model").select_option("acme/slow")
    page.get_by_role("dialog").get_by_role("button", name="Answer").click()

    expect(answers(page)).to_contain_text(["From the slow one."])
    expect(page.locator(".mfoot .mono")).to_have_text("acme/slow")
    ask(page, "And now?")
    expect(answers(page).last).to_contain_text("From the fast one.")


@SIZES
def test_an_answer_that_was_cut_off_is_continued(
    open_chat: OpenChat, provider: Upstream, width: int, height: int
) -> None:
    gate = Gate()
    rest = stream(chunk(" an"), gate, chunk(" answer.", finish="stop"), DONE)
    provider.answer("fast", _cut("Half"), rest)
    page = open_chat(width=width, height=height)
    ask(page, "Tell me")
    expect(page.locator(".mfoot .tag")).to_contain_text(["cut off"])
    page.get_by_role("button", name="Continue").click()
    expect(answers(page)).to_have_text(["Half an"])
    gate.open()

    expect(answers(page)).to_contain_text(["Half an answer."])
    expect(page.locator(".mfoot")).to_be_visible()
    expect(page.get_by_role("button", name="Continue")).to_have_count(0)
    expect(page.locator(".mfoot")).not_to_contain_text("cut off")
    assert _sent(provider)[:2] == ["Tell me", "Half"]


def test_a_stopped_answer_is_continued_in_the_middle_of_a_chat(
    open_chat: OpenChat, provider: Upstream
) -> None:
    gate = Gate()
    begun = hang(*stream(chunk("Half"))(provider.last()))
    rest = stream(chunk(" an"), gate, chunk(" answer.", finish="stop"), DONE)
    provider.answer("fast", begun, text("Later."), rest)
    page = open_chat()
    send(page, "Tell me")
    expect(answers(page)).to_have_text(["Half"])
    stop(page)
    expect(page.locator(".mfoot")).to_contain_text("stopped")
    ask(page, "And then?")
    page.get_by_role("button", name="Continue").click()
    expect(answers(page).first).to_have_text("Half an")
    expect(answers(page).last).to_contain_text("Later.")
    gate.open()
    expect(answers(page).first).to_contain_text("Half an answer.")
    expect(answers(page).last).to_contain_text("Later.")


@SIZES
def test_a_fork_is_a_chat_of_its_own_from_there_on(
    open_chat: OpenChat, provider: Upstream, width: int, height: int
) -> None:
    provider.answer("fast", text("One."), text("Two."), text("Other two."))
    page = open_chat(width=width, height=height)
    ask(page, "First")
    ask(page, "Second")
    _menu(_answer(page), "Fork into a new chat")

    expect(page.locator("#tab-chat h1")).to_have_text("First (fork)")
    expect(rows(page)).to_have_text(["First (fork)", "First"])
    expect(answers(page)).to_have_count(1)
    ask(page, "Other second")
    assert _sent(provider) == ["First", "One.", "Other second"]
    page.go_back()
    expect(answers(page)).to_contain_text(["One.", "Two."])


@SIZES
def test_from_a_message_on_is_deleted_once_that_is_confirmed(
    open_chat: OpenChat, provider: Upstream, width: int, height: int
) -> None:
    provider.answer("fast", text("One."), text("Two."), text("Other two."))
    page = open_chat(width=width, height=height)
    ask(page, "First")
    ask(page, "Second")
    page.get_by_title("Answer again").last.click()
    expect(answers(page).last).to_contain_text("Other two.")
    _menu(_answer(page, 1), "Delete from here")
    page.get_by_role("button", name="Cancel").click()
    expect(answers(page)).to_have_count(2)
    _menu(_answer(page, 1), "Delete from here")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(answers(page)).to_contain_text(["One.", "Two."])

    _menu(_question(page, 0), "Delete from here")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", name="What are you working on?")).to_be_visible()
    expect(page.locator("#chat-log .message")).to_have_count(0)


def test_while_an_answer_is_written_what_it_stands_on_stays_and_it_is_followed_on(
    open_chat: OpenChat, provider: Upstream
) -> None:
    gate = Gate()
    slow = stream(chunk("Slowly"), gate, chunk(" done.", finish="stop"), DONE)
    provider.answer("fast", text("One."), slow)
    page = open_chat()
    ask(page, "First")
    send(page, "Second")
    expect(answers(page).last).to_have_text("Slowly")
    _menu(_question(page), "Delete from here")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("is still being written")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    gate.open()

    expect(answers(page).last).to_contain_text("Slowly done.")
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_a_running_answer_is_left_for_another_version_and_come_back_to(
    open_chat: OpenChat, provider: Upstream
) -> None:
    gate = Gate()
    slow = stream(chunk("Slowly"), gate, chunk(" done.", finish="stop"), DONE)
    provider.answer("fast", text("One."), slow)
    page = open_chat()
    ask(page, "First")
    _question(page).hover()
    page.get_by_title("Edit the question").click()
    page.get_by_label("Edit the question").fill("Other first")
    page.keyboard.press("Control+Enter")
    expect(answers(page)).to_have_text(["Slowly"])
    page.get_by_title("Previous version").click()
    expect(answers(page)).to_contain_text(["One."])
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    page.get_by_title("Next version").click()
    expect(answers(page)).to_have_text(["Slowly"])
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    gate.open()
    expect(answers(page)).to_contain_text(["Slowly done."])


def test_a_failed_answer_is_a_version_too_and_can_be_deleted(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("One."), error(400, "Not now."))
    page = open_chat()
    ask(page, "First")
    page.get_by_title("Answer again").click()
    expect(page.get_by_role("alert")).to_contain_text("Not now.")
    expect(_version(_answer(page))).to_have_text("2/2")
    _menu(_answer(page), "Delete from here")
    page.get_by_role("button", name="Delete", exact=True).click()

    expect(answers(page)).to_contain_text(["One."])
    expect(_version(_answer(page))).to_have_count(0)


def test_of_a_long_chat_fifty_messages_are_shown_and_fifty_more_at_a_time(
    open_chat: OpenChat, provider: Upstream, portal_url: str
) -> None:
    provider.answer("fast", text("Yes."))
    page = open_chat()
    ask(page, "Question 0")
    chat_id = page.url.partition("chat=")[2]
    for number in range(1, 60):
        answer = page.request.post(
            f"/api/v1/conversations/{chat_id}/turns",
            data={"content": f"Question {number}"},
            headers={"Origin": portal_url},
        )
        assert answer.ok
    page.reload()
    for count, oldest in ((25, "Question 35"), (50, "Question 10"), (60, "Question 0")):
        expect(questions(page)).to_have_count(count)
        expect(questions(page).first).to_have_text(oldest)
        if count < 60:
            page.get_by_role("button", name="Show earlier messages").click()
    expect(page.get_by_role("button", name="Show earlier messages")).to_have_count(0)
    ask_more = page.get_by_placeholder("Ask anything")
    ask_more.fill("Question 60")
    ask_more.press("Enter")
    expect(questions(page)).to_have_count(25)


def test_questions_and_answers_are_copied(open_chat: OpenChat, provider: Upstream) -> None:
    provider.answer("fast", text("An **answer**."))
    page = open_chat()
    ask(page, "A *question*")
    for name, words in (("question", "A *question*"), ("answer", "An answer.")):
        _question(page).hover()
        page.get_by_title(f"Copy the {name}").click()
        assert page.evaluate("navigator.clipboard.readText()").strip() == words


def test_on_a_phone_everything_below_a_message_is_44_px(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("One."), _cut("Two"))
    page = open_chat(width=390, height=844)
    ask(page, "Count")
    page.get_by_title("Answer again").click()
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    for icon in page.locator("#chat-log :is(.mfoot, .qfoot) .ib").all():
        box = icon.bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == (44, 44)
        assert box["x"] >= 0
        assert box["x"] + 44 <= 390
