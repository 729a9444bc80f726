"""Events become answers, answers become messages of the chat."""

from typing import Literal

import pytest

from aiportal.events import (
    Event,
    ReasoningDelta,
    TextDelta,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    UsageReported,
)
from pages.footers import usd
from pages.markdown import MarkdownRenderer
from pages.render import Answer, ChatRenderer, problem_html

USAGE = UsageReported(
    request_id="req_1",
    model="acme/fast",
    deployment="acme/fast",
    prompt_tokens=1284,
    completion_tokens=412,
    cost_usd=0.0031,
    is_estimated=False,
    ttft_ms=420.0,
    latency_ms=4701.25,
)
STARTED = TurnStarted("turn_1", "conv_1", "msg_question", "msg_answer", "acme/fast")


def _answer(*events: Event) -> Answer:
    answer = Answer(question_id="", model="", turn_id="turn_1")
    for event in events:
        answer = answer.after(event)
    return answer


def _html(*events: Event) -> str:
    return ChatRenderer(MarkdownRenderer()).answer_html(_answer(*events))


def test_before_the_first_word_the_model_is_said_to_work() -> None:
    assert "The model is working." in _html(STARTED)


def test_the_text_grows_with_its_deltas_and_has_no_footer_yet() -> None:
    html = _html(STARTED, TextDelta("Hello "), TextDelta("**you**"))

    assert html == '<div class="md"><p>Hello <strong>you</strong></p>&#10;</div>'


def test_a_finished_answer_tells_what_it_used() -> None:
    html = _html(STARTED, TextDelta("Hi"), USAGE, TurnFinished("done", "stop"))

    for fact in ("acme/fast", "1,284 in · 412 out", "$0.0031", "first token 0.42 s", "96 tokens/s"):
        assert f">{fact}</span>" in html
    assert 'act-again" value="msg_question"' in html
    assert "estimated" not in html


@pytest.mark.parametrize("status", ["cancelled", "interrupted"])
def test_an_answer_that_was_cut_off_says_so(status: Literal["cancelled", "interrupted"]) -> None:
    html = _html(STARTED, TextDelta("Hal"), TurnFinished(status, None))

    assert {"cancelled": ">stopped<", "interrupted": ">interrupted<"}[status] in html


def test_thoughts_are_open_until_the_answer_begins() -> None:
    thinking = _html(STARTED, ReasoningDelta("Well… <b>"))
    done = _html(STARTED, ReasoningDelta("Well…"), TextDelta("Yes"), TurnFinished("done", "stop"))

    assert '<details class="think" open><summary>Thinking</summary><div class="md">' in thinking
    assert "Well… &lt;b&gt;" in thinking
    assert '<details class="think"><summary>Thoughts</summary>' in done
    assert done.index("Well…") < done.index("Yes") < done.index("mfoot")


def test_what_is_being_written_says_where_the_page_follows_it() -> None:
    renderer = ChatRenderer(MarkdownRenderer())
    running = renderer.answer(_answer(STARTED, TextDelta("Hel")))
    done = renderer.answer(_answer(STARTED, TextDelta("Hello"), TurnFinished("done", "stop")))

    assert running["content"].startswith('<div class="live from-turn/turn_1 part-turn_1"><div')
    assert "live" not in done["content"]


def test_a_failure_says_what_why_and_what_to_do() -> None:
    failed = TurnFailed("Gone. <b>Try</b> another.", "model_unavailable", "api_error")
    html = _html(STARTED, failed, TurnFinished("error", None))

    assert "<b>The model cannot serve now.</b><p>Gone. &lt;b&gt;Try&lt;/b&gt; another.</p>" in html
    assert 'value="msg_question">Try again</button>' in html
    assert "mfoot" not in html


def test_a_failure_in_the_middle_keeps_the_text() -> None:
    failed = TurnFailed("The line broke.", None, "api_error")
    html = _html(STARTED, TextDelta("Half"), failed, TurnFinished("error", None))

    assert html.index("Half") < html.index("The answer broke off.") < html.index("mfoot")


def test_a_problem_is_one_line_and_escaped() -> None:
    html = problem_html("<x>", "a\nb")

    assert html == '<div class="err" role="alert"><b>&lt;x&gt;</b><p>a&#10;b</p></div>'


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "$0"),
        (0.000_01, "< $0.0001"),
        (0.0031, "$0.0031"),
        (0.4, "$0.40"),
        (1234.5, "$1,234.50"),
    ],
)
def test_sums_are_written_for_people(amount: float, words: str) -> None:
    assert usd(amount) == words
