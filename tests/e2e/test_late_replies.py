"""Questions go to the chat that they were sent in, however slow the network and quick the person."""

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.e2e.chat import answers, ask, questions, rows, send
from tests.upstreams import DONE, Gate, Upstream, chunk, stream, text

OpenChat = Callable[..., Page]
ENDING = (chunk(finish="stop"), DONE)
CALLS = "**/gradio_api/queue/join*"
SLOW = {"offline": False, "latency": 400, "downloadThroughput": -1, "uploadThroughput": -1}


# Has the page say so when it has come to the end of an answer that it follows.
TELLS_ENDS = """() => {
  window.EventSource = class extends EventSource {
    constructor(...given) {
      super(...given);
      this.addEventListener("end", () => { document.documentElement.dataset.ended = ""; });
    }
  };
}"""


def _slow_down(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)


def _open(page: Page, title: str) -> None:
    page.locator(".slist .srow").get_by_text(title).click()


def test_an_answer_that_ends_while_another_chat_is_opened_does_not_bring_its_own_back(
    open_chat: OpenChat, provider: Upstream
) -> None:
    gate = Gate()
    provider.answer("fast", text("Answer."), stream(chunk("Al"), gate, chunk("pha."), *ENDING))
    page = open_chat()
    page.clock.install()
    ask(page, "Beta")
    page.get_by_role("button", name="New chat").click()
    expect(answers(page)).to_have_count(0)
    page.evaluate(TELLS_ENDS)
    send(page, "Alpha")
    expect(answers(page)).to_contain_text("Al")

    held: list[Route] = []
    page.route(CALLS, lambda route: held.append(route))
    with page.expect_request(CALLS):
        _open(page, "Beta")
    gate.open()
    page.wait_for_selector("html[data-ended]")
    expect(answers(page)).to_contain_text("Alpha.")
    page.clock.run_for("00:10")
    (opening,) = held
    opening.continue_()
    expect(questions(page)).to_have_text(["Beta"])


def test_two_quick_questions_and_a_click_on_another_chat(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", *[text(f"Answer {number}.") for number in range(1, 7)])
    page = open_chat()
    ask(page, "Beta")
    page.get_by_role("button", name="New chat").click()
    expect(answers(page)).to_have_count(0)
    _slow_down(page)
    send(page, "Alpha")  # makes a chat, which the second one goes to
    send(page, "Alpha two")
    _open(page, "Beta")
    expect(questions(page)).to_have_text(["Beta"])
    expect(rows(page)).to_have_count(2)
    send(page, "Beta two")
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_role("heading", name="What are you working on?")).to_be_visible()
    expect(questions(page)).to_have_count(0)
    _open(page, "Alpha")
    expect(questions(page)).to_have_text(["Alpha", "Alpha two"])
    _open(page, "Beta")
    expect(questions(page)).to_have_text(["Beta", "Beta two"])


def test_an_answer_that_ends_while_another_version_is_opened_does_not_take_its_place(
    open_chat: OpenChat, provider: Upstream
) -> None:
    gate = Gate()
    provider.answer("fast", text("Old."), stream(chunk("Ne"), gate, chunk("w."), *ENDING))
    page = open_chat()
    page.clock.install()
    ask(page, "Alpha")
    questions(page).hover()
    page.get_by_title("Edit the question").click()
    page.get_by_label("Edit the question").fill("Beta")
    page.evaluate(TELLS_ENDS)
    page.keyboard.press("Control+Enter")
    expect(answers(page)).to_contain_text("Ne")

    held: list[Route] = []
    page.route(CALLS, lambda route: held.append(route))
    with page.expect_request(CALLS):
        page.get_by_title("Previous version").click()
    gate.open()
    page.wait_for_selector("html[data-ended]")
    expect(answers(page)).to_contain_text("New.")
    page.clock.run_for("00:10")
    (showing,) = held
    showing.continue_()
    expect(answers(page)).to_contain_text("Old.")


# Has the page read the end of each stream of events only when `window.readEnds` is called.
LATE_ENDS = """
const fetched = window.fetch.bind(window);
const reading = new Promise((read) => { window.readEnds = read; });
window.fetch = async (resource, options) => {
  const response = await fetched(resource, options);
  if (!response.url.includes("/queue/data")) return response;
  const late = new TransformStream({
    async transform(text, stream) {
      for (const part of text.split(/(?=data: {"msg":"close_stream")/)) {
        if (part.includes('"msg":"close_stream"')) await reading;
        stream.enqueue(part);
      }
    },
  });
  const whole = response.body.pipeThrough(new TextDecoderStream());
  return new Response(whole.pipeThrough(late).pipeThrough(new TextEncoderStream()), response);
};
"""


def test_a_click_counts_before_the_page_has_read_that_its_events_have_ended(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("Answer 1."), text("Answer 2."))
    page = open_chat()
    ask(page, "Beta")
    page.get_by_role("button", name="New chat").click()
    expect(answers(page)).to_have_count(0)
    ask(page, "Alpha")
    page.add_init_script(LATE_ENDS)
    page.reload()
    expect(questions(page)).to_have_text(["Alpha"])
    with page.expect_response(CALLS) as answer:
        _open(page, "Beta")
    answer.value.finished()
    page.evaluate("() => new Promise((done) => requestIdleCallback(done))")
    page.evaluate("window.readEnds()")
    expect(questions(page)).to_have_text(["Beta"])
