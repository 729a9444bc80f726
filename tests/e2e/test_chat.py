"""Questions and answers in the chat tab."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.chat import answers, ask, pick, questions, send, stop
from tests.e2e.people import Person
from tests.e2e.watched import Watched
from tests.upstreams import DONE, Gate, Upstream, chunk, error, hang, stream, text, usage_chunk

OpenChat = Callable[..., Page]

# The last step of an answer, drawn a moment after its end, takes the log to its own end once more.
STAYS_AT_ITS_TOP = """() => {
  const log = document.querySelector("#chat-log .panel-wrap");
  const isThere = log.scrollTop === 0;
  log.scrollTo(0, 0);
  return isThere;
}"""
CODE = """Some **bold** words.

| a | b |
| --- | ---: |
| one | 2 |

```python
def double(x: int) -> int:

    return x * 2
```
"""


def test_an_answer_streams_in_and_tells_what_it_used(
    open_chat: OpenChat, provider: Upstream
) -> None:
    gate = Gate()
    usage = usage_chunk({"prompt_tokens": 1284, "completion_tokens": 412, "total_tokens": 1696})
    steps = (chunk("Paris"), gate, chunk(" it is."), chunk(finish="stop"), usage, DONE)
    provider.answer("fast", stream(*steps))
    page = open_chat()
    send(page, "What is the capital of France?")

    expect(questions(page)).to_have_text(["What is the capital of France?"])
    expect(answers(page)).to_have_text(["Paris"])
    gate.open()
    expect(answers(page)).to_have_text(re.compile(r"Paris it is\."))
    footer = page.locator(".mfoot")
    expect(footer).to_contain_text("acme/fast1,284 in · 412 out$0.0021first token")
    expect(footer).to_contain_text("tokens/s")
    expect(page.locator(".ctx")).to_contain_text("1.7 k of 8.2 k context")
    expect(page.locator(".who")).to_contain_text("$0.0021 this month")


def test_tokens_that_were_counted_here_are_marked(open_chat: OpenChat, provider: Upstream) -> None:
    provider.answer("fast", text("Without usage.", usage=None))
    page = open_chat()
    ask(page, "Hi")

    expect(page.locator(".mfoot")).to_contain_text("estimated")


def test_the_log_goes_to_its_end_with_a_new_question(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("\n\n".join(f"Paragraph {number}." for number in range(80))))
    page = open_chat()
    ask(page, "Write much")
    page.wait_for_function(STAYS_AT_ITS_TOP, polling=300)
    send(page, "And now?")

    expect(questions(page).last).to_have_text("And now?")
    expect(questions(page).first).not_to_be_in_viewport()


def test_stop_ends_the_call_of_the_provider_and_keeps_what_came(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", hang(*stream(chunk("Some words"))(provider.last())))
    page = open_chat()
    send(page, "Write on and on")
    expect(answers(page)).to_have_text(["Some words"])
    stop(page)

    provider.last().closed.wait()
    expect(page.locator(".mfoot")).to_contain_text("stopped")
    expect(answers(page)).to_contain_text(["Some words"])
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_an_answer_goes_on_while_the_page_is_closed_and_is_followed_on_return(
    open_chat: OpenChat, provider: Upstream
) -> None:
    reloaded, closed = Gate(), Gate()
    steps = (chunk("One"), reloaded, chunk(" two"), closed, chunk(" three"), chunk(finish="stop"))
    provider.answer("fast", stream(*steps, DONE))
    page = open_chat()
    send(page, "Count")
    expect(answers(page)).to_have_text(["One"])
    page.reload()
    expect(answers(page)).to_have_text(["One"])
    reloaded.open()
    expect(answers(page)).to_have_text(["One two"])
    address = page.url
    page.close()
    closed.open()
    provider.last().answered.wait()

    page = open_chat(address)
    expect(answers(page)).to_contain_text(["One two three"])
    expect(page.locator(".mfoot")).to_be_visible()


def test_leaving_a_running_answer_for_another_chat_shows_only_that_one(
    open_chat: OpenChat, provider: Upstream
) -> None:
    gate = Gate()
    slow = stream(chunk("First"), gate, chunk(" part"), chunk(finish="stop"), DONE)
    provider.answer("fast", slow)
    page = open_chat()
    send(page, "Slowly")
    expect(answers(page)).to_have_text(["First"])
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_role("heading", name="What are you working on?")).to_be_visible()
    expect(page.locator(".slist .pulse")).to_have_count(1)
    gate.open()
    expect(page.locator(".slist .pulse")).to_have_count(0)
    expect(answers(page)).to_have_count(0)

    page.get_by_role("button", name="Slowly", exact=True).click()
    expect(answers(page)).to_contain_text(["First part"])


def test_a_failing_model_is_explained_and_can_be_tried_again(
    open_chat: OpenChat, provider: Upstream
) -> None:
    overloaded = error(503, "engine overloaded")
    provider.answer("fast", *[overloaded] * 3, text("Now it works."))  # a call is tried three times
    page = open_chat()
    ask(page, "Are you there?")

    expect(page.get_by_role("alert")).to_contain_text("The model's server is overloaded.")
    page.get_by_role("button", name="Try again").click()
    expect(answers(page)).to_contain_text(["Now it works."])
    expect(questions(page)).to_have_count(1)


def test_an_answer_can_be_had_again_from_another_model(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("From the fast one."))
    provider.answer("slow", text("From the slow one."))
    page = open_chat()
    ask(page, "Who are you?")
    pick(page, "acme/slow")
    page.get_by_title("Answer again").click()

    expect(answers(page)).to_contain_text(["From the slow one."])
    expect(page.locator(".mfoot")).to_contain_text("acme/slow")


def test_settings_reach_the_provider_and_stay_with_the_chat(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("Aye."))
    page = open_chat()
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("System prompt").fill("Answer as a pirate.")
    page.get_by_label("Temperature").fill("0")
    page.get_by_label("Max tokens").fill("77")
    ask(page, "Hi")
    sent = provider.last().json
    assert (sent["temperature"], sent["max_tokens"]) == (0, 77)
    assert sent["messages"][0] == {"role": "system", "content": "Answer as a pirate."}
    assert "top_p" not in sent

    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.get_by_label("System prompt")).to_have_value("Answer as a pirate.")
    expect(page.get_by_label("Max tokens")).to_have_value("77")


def test_markdown_and_code_are_shown_and_copied_as_they_are(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text(CODE))
    page = open_chat()
    ask(page, "Show me")

    expect(page.locator(".md strong")).to_have_text("bold")
    expect(page.locator(".md td.right")).to_have_text("2")
    expect(page.locator(".md pre .t-k").first).to_have_text("def")
    page.get_by_title("Copy the code").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == "def double(x: int) -> int:\n\n    return x * 2"


def test_what_the_user_writes_is_shown_letter_by_letter(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("Yes."))
    question = "Is **this** <b>bold</b>?\n\n  # $x$ &amp; `code`"
    page = open_chat()
    ask(page, question)

    assert questions(page).inner_text().strip() == question
    expect(page.locator(".user-row :is(strong, b, code)")).to_have_count(0)


def test_a_question_that_is_refused_stays_in_the_composer_with_the_reason(
    open_chat: OpenChat, provider: Upstream
) -> None:
    page = open_chat()
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("System prompt").fill("x" * 100_001)
    send(page, "Hi")

    expect(page.get_by_role("alert")).to_contain_text("`system_prompt` has 100001 characters")
    expect(page.get_by_placeholder("Ask anything")).to_have_value("Hi")
    page.reload()
    expect(page.get_by_text("Your chats will be listed here.")).to_be_visible()


def test_what_is_written_but_not_sent_outlives_a_reload(open_chat: OpenChat) -> None:
    page = open_chat()
    page.get_by_placeholder("Ask anything").fill("Half a thou")
    page.reload()
    page.wait_for_selector("html[data-ready]")

    expect(page.get_by_placeholder("Ask anything")).to_have_value("Half a thou")


def test_a_starter_fills_the_composer(open_chat: OpenChat) -> None:
    page = open_chat()
    page.get_by_role("button", name="Write code").click()

    expect(page.get_by_placeholder("Ask anything")).to_have_value(re.compile("IBAN"))
    expect(page.get_by_placeholder("Ask anything")).to_be_focused()


def test_two_people_do_not_see_each_other(
    open_chat: OpenChat, watched: Watched, people_next: Callable[[], Person], provider: Upstream
) -> None:
    provider.answer("fast", text("Between us."))
    page = open_chat()
    ask(page, "A secret")
    other = watched.page(people_next().cookie)
    other.goto(page.url)
    other.wait_for_selector("html[data-ready]")

    expect(other.get_by_text("This chat is not there.")).to_be_visible()
    expect(other.get_by_text("secret")).to_have_count(0)
