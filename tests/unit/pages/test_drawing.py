"""Where a growing answer is drawn: on the event loop only what is sure to be quick."""

import threading
import time

import pytest

from aiportal.chat import ToolUse
from aiportal.events import ToolCalled
from pages.drawing import QUICK_CHARS, QUICK_S, Drawing
from pages.markdown import MarkdownRenderer
from pages.render import Answer, Texts

MARKDOWN = MarkdownRenderer()
CALL = ToolUse(ToolCalled("clock", "Clock", "call_1", {}), None, 0)


class Places:
    """Tells of each drawing whether it was done on the event loop."""

    def __init__(self, *, busy_s: float = 0.0) -> None:
        self.on_loop: list[bool] = []
        self._loop_thread = threading.get_ident()
        self._busy_s = busy_s

    def render(self, name: str, answer: Answer, texts: Texts) -> str:
        self.on_loop.append(threading.get_ident() == self._loop_thread)
        until_s = time.thread_time() + self._busy_s
        while time.thread_time() < until_s:
            pass
        return f"{name}: {texts.text(answer.text)}"


async def _drawn(places: Places, *answers: Answer) -> list[bool]:
    drawing = Drawing(places.render, MARKDOWN)
    for answer in answers:
        assert (await drawing.html("a", answer)).startswith("a: ")
    return places.on_loop


async def test_a_few_words_are_drawn_on_the_event_loop() -> None:
    assert await _drawn(Places(), Answer("", "", "One"), Answer("", "", "One two")) == [True, True]


@pytest.mark.parametrize(
    "answer",
    [
        Answer("", "", "x" * (QUICK_CHARS + 1)),
        Answer("", "", reasoning="x" * (QUICK_CHARS + 1)),
        Answer("", "", "```python\nprint"),
        Answer("", "", "```python\nprint\n```\n"),
        Answer("", "", "~~~\nprint"),
        Answer("", "", reasoning="```python\nprint"),
        Answer("", "", "So: ", tool_calls=(CALL,)),
    ],
    ids=[
        "much text",
        "much reasoning",
        "code",
        "code that has ended",
        "tildes",
        "code in thoughts",
        "a call",
    ],
)
async def test_what_may_take_longer_is_drawn_in_a_thread(answer: Answer) -> None:
    assert await _drawn(Places(), answer) == [False]


@pytest.mark.parametrize(
    ("before", "after"),
    [("```\n", "```\nprint"), ("```\nprint\n```\n", "```\nprint\n```\nso")],
    ids=["within", "behind"],
)
async def test_after_the_beginning_of_code_the_event_loop_draws_again(
    before: str, after: str
) -> None:
    answers = Answer("", "", before), Answer("", "", after)

    assert await _drawn(Places(), *answers) == [False, True]


async def test_a_language_may_come_later_than_its_code() -> None:
    answers = [Answer("", "", text) for text in ("```", "```py", "```py\n", "```py\nprint")]

    assert await _drawn(Places(), *answers) == [False, False, False, True]


async def test_after_a_slow_one_the_next_is_drawn_in_a_thread() -> None:
    places = Places(busy_s=2 * QUICK_S)

    assert await _drawn(places, Answer("", "", "One"), Answer("", "", "One two")) == [True, False]


async def test_a_text_that_is_shorter_than_before_is_another_one() -> None:
    answers = Answer("", "", "One two"), Answer("", "", "One")

    assert await _drawn(Places(), *answers) == [True, False]
