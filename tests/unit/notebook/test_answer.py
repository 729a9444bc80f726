from dataclasses import replace

import pytest

from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import UpstreamError
from aiportal.events import ReasoningDelta, SourceFound, TextDelta, WebSearched
from aiportal.notebook.answer import Answer, AnswerBuilder, ToolCall
from aiportal.notebook.pieces import Outcome, Piece, ToolCallDelta

ANSWER = Answer(
    text="**Paris**.",
    model="acme/fast",
    usage=TokenUsage(1200, 11),
    cost_usd=0.00125,
    ttft_s=0.5,
    duration_s=1.0,
    request_id="req_1",
    finish_reason="stop",
)
OUTCOME = Outcome("req_1", "acme/fast", "stop", TokenUsage(3, 2), 0.0)


def test_an_answer_is_its_text() -> None:
    assert str(ANSWER) == "**Paris**."
    assert f"It is {ANSWER}" == "It is **Paris**."


def test_its_facts_stand_on_one_line() -> None:
    assert ANSWER.facts == (
        "acme/fast · 1,200 + 11 tokens · $0.001250 · first token 0.50 s · 20 tokens/s"
    )


def test_what_is_not_known_is_left_out() -> None:
    bare = replace(ANSWER, usage=None, cost_usd=None, ttft_s=None)
    assert bare.facts == "acme/fast"


def test_an_answer_that_was_cut_says_so() -> None:
    assert "ended by length" in replace(ANSWER, finish_reason="length").facts


def test_a_free_answer_is_called_free() -> None:
    assert "free" in replace(ANSWER, cost_usd=0.0).facts


def test_a_notebook_gets_html_markdown_and_text() -> None:
    bundle = ANSWER.bundle()
    assert "<strong>Paris</strong>" in bundle["text/html"]
    assert bundle["text/markdown"].startswith("**Paris**.")
    assert bundle["text/plain"] == "**Paris**."


def test_sources_stand_numbered_below_the_text() -> None:
    builder = AnswerBuilder()
    source = SourceFound(1, "A [x](javascript:y) <b>", "https://a.test/?a=<b>", "")
    found = WebSearched("Who?", "wikipedia", "Only Wikipedia."), source
    for piece in (*found, TextDelta("It is [1]."), OUTCOME):
        builder.feed(piece)
    answer = builder.answer()
    assert (answer.sources, answer.search_note) == ((source,), "Only Wikipedia.")
    html = answer._repr_html_()
    assert html.count("<a ") == 1
    assert 'href="https://a.test/?a=%3Cb%3E"' in html
    assert "Only Wikipedia." in html
    assert answer.text == "It is [1]."


def test_html_of_the_model_does_not_get_into_the_page() -> None:
    hostile = replace(ANSWER, text="<img src=x onerror=steal()>", model="<script>")
    assert "<img" not in hostile._repr_html_()
    assert "<script>" not in hostile._repr_html_()


def test_pieces_make_an_answer() -> None:
    builder = AnswerBuilder()
    pieces: list[Piece] = [ReasoningDelta("hm"), TextDelta("Pa"), TextDelta("ris"), OUTCOME]
    assert [builder.feed(piece) for piece in pieces] == ["", "Pa", "ris", ""]
    answer = builder.answer()
    assert (answer.text, answer.reasoning, answer.model) == ("Paris", "hm", "acme/fast")
    assert answer.ttft_s is not None
    assert answer.ttft_s <= answer.duration_s


def test_pieces_make_calls_of_functions() -> None:
    builder = AnswerBuilder()
    builder.feed(ToolCallDelta(1, "call_2", "sub", ""))
    builder.feed(ToolCallDelta(0, "call_1", "add", '{"a"'))
    builder.feed(ToolCallDelta(0, "", "", ": 1}"))
    builder.feed(OUTCOME)
    first, second = builder.answer().tool_calls
    assert first == ToolCall("call_1", "add", '{"a": 1}')
    assert (first.parameters, second.parameters) == ({"a": 1}, {})
    assert "add(" in builder.answer()._repr_html_()


def test_half_an_answer_is_none() -> None:
    builder = AnswerBuilder()
    builder.feed(TextDelta("Pa"))
    with pytest.raises(UpstreamError, match="not ended"):
        builder.answer()
