"""Questions that are sent while an answer is being written, as a person sends them."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.e2e.chat import answers, questions, rows, send, stop
from tests.upstreams import DONE, Gate, Upstream, chunk, stream, text, usage_chunk

OpenChat = Callable[..., Page]


def _waiting(page: Page) -> Locator:
    return page.locator(".queue .qrow b")


def test_questions_wait_are_edited_taken_back_and_asked_in_order(
    open_chat: OpenChat, provider: Upstream
) -> None:
    first, second = Gate(), Gate()
    provider.answer(
        "fast",
        stream(chunk("One"), first, chunk(" whole."), chunk(finish="stop"), usage_chunk(), DONE),
        stream(chunk("Two"), second, chunk(" whole."), chunk(finish="stop"), usage_chunk(), DONE),
        text("Three whole."),
    )
    page = open_chat()
    send(page, "First?")
    expect(answers(page)).to_contain_text(["One"])
    for question in ("Second?", "Thrid?", "Never?"):
        send(page, question)
        expect(page.get_by_placeholder("Ask anything")).to_have_value("")
    expect(_waiting(page)).to_have_text(["Second?", "Thrid?", "Never?"])
    expect(page.locator(".queue .qhead")).to_contain_text("Asked when this answer has ended")
    expect(page.locator(".toast-body")).to_have_count(0)

    page.get_by_role("button", name="Remove: Never?").click()
    expect(_waiting(page)).to_have_text(["Second?", "Thrid?"])
    page.get_by_role("button", name="Edit: Thrid?").click()
    composer = page.get_by_placeholder("Ask anything")
    expect(composer).to_have_value("Thrid?")
    expect(_waiting(page)).to_have_text(["Second?"])
    composer.fill("Third?")
    page.get_by_role("button", name="Ask next").click()
    expect(_waiting(page)).to_have_text(["Second?", "Third?"])
    page.reload()  # they are stored
    expect(_waiting(page)).to_have_text(["Second?", "Third?"])

    first.open()
    expect(answers(page)).to_contain_text(["One whole.", "Two"])
    expect(_waiting(page)).to_have_text(["Third?"])
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    second.open()
    expect(answers(page)).to_contain_text(["One whole.", "Two whole.", "Three whole."])
    expect(questions(page)).to_contain_text(["First?", "Second?", "Third?"])
    expect(page.locator(".queue")).to_have_count(0)
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()


def test_after_stop_on_a_phone_they_wait_for_a_word(
    open_chat: OpenChat, provider: Upstream
) -> None:
    gate = Gate()
    provider.answer("fast", stream(chunk("One"), gate, DONE), text("Two."), text("Three."))
    page = open_chat(width=390, height=844, color_scheme="dark")
    send(page, "First?")
    expect(answers(page)).to_contain_text(["One"])
    page.get_by_placeholder("Ask anything").fill("Second?")
    page.get_by_role("button", name="Ask next").click()
    send(page, "A third question that is a good deal longer than a phone is wide, so it is cut")
    expect(_waiting(page)).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    stop(page)
    expect(page.locator(".queue .qhead")).to_contain_text("These questions wait for you.")
    gate.open()
    page.get_by_role("button", name="Send the first now").click()
    expect(answers(page)).to_contain_text(["One", "Two.", "Three."])
    expect(page.locator(".queue")).to_have_count(0)


def test_questions_sent_in_one_go_make_one_chat_and_what_is_typed_meanwhile_stays(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("One."), text("Two."), text("Three."))
    page = open_chat()
    page.evaluate(
        """() => {
          const box = document.querySelector("#composer-input textarea");
          const type = (text) => {
            box.value = text;
            box.dispatchEvent(new Event("input", { bubbles: true }));
          };
          for (const text of ["First?", "Second?", "Third?"]) {
            type(text);
            window.aiportal.queue();
          }
          window.aiportal.queue();
          type("Not yet");
        }"""
    )
    expect(questions(page)).to_have_text(["First?", "Second?", "Third?"])
    expect(answers(page)).to_contain_text(["One.", "Two.", "Three."])
    expect(rows(page)).to_have_text(["First?"])
    expect(page.get_by_placeholder("Ask anything")).to_have_value("Not yet")


def test_a_question_that_does_not_arrive_comes_back(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("Here I am."))
    page = open_chat()
    page.clock.install()
    composer = page.get_by_placeholder("Ask anything")
    page.evaluate("window.aiportal.connectSending(() => {})")  # nothing listens
    send(page, "Is anybody there?")
    expect(composer).to_have_value("")
    composer.fill("And more.")
    page.clock.fast_forward("00:30")
    expect(composer).to_have_value("Is anybody there?\n\nAnd more.")


def test_one_that_was_taken_too_late_goes_from_the_box_again(open_chat: OpenChat) -> None:
    page = open_chat()
    page.clock.install()
    composer = page.get_by_placeholder("Ask anything")
    page.evaluate("window.aiportal.connectSending((_, {composed}) => (window.sent = composed))")
    send(page, "Is anybody there?")
    composer.fill("And more.")
    page.clock.fast_forward("00:30")
    expect(composer).to_have_value("Is anybody there?\n\nAnd more.")
    page.evaluate("window.aiportal.taken(`conv_1 ${window.sent}`)")
    expect(composer).to_have_value("And more.")


def test_a_question_goes_behind_those_before_it_whose_answers_the_page_does_not_show_yet(
    open_chat: OpenChat, provider: Upstream
) -> None:
    gate = Gate()
    one = stream(chunk("One."), gate, chunk(finish="stop"), usage_chunk(), DONE)
    provider.answer("fast", one, text("Two."), text("Three."))
    page = open_chat()
    page.route("**/live/turn/**", lambda _: None)  # the page learns of no end
    send(page, "First?")
    expect(questions(page)).to_have_text(["First?"])
    send(page, "Second?")
    expect(_waiting(page)).to_have_text(["Second?"])
    gate.open()
    page.wait_for_function(
        """async () => {
          const chat = new URLSearchParams(location.search).get("chat");
          const { data } = await (await fetch(`/api/v1/conversations/${chat}/messages`)).json();
          return data.at(-1).content === "Two." && data.at(-1).status === "done";
        }"""
    )
    send(page, "Third?")
    expect(questions(page)).to_have_text(["First?", "Second?", "Third?"])
