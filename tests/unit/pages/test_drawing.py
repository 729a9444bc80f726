"""Where a growing answer is drawn: on the event loop only what is sure to be quick."""

import threading
import time

import pytest
from pygments.lexer import DelegatingLexer
from pygments.lexers import find_lexer_class_by_name

from aiportal.chat import Findings, ToolUse
from aiportal.events import SourceFound, ToolCalled
from pages.code_languages import SELF_CONTAINED
from pages.drawing import QUICK_CHARS, QUICK_S, Drawing
from pages.markdown import MarkdownRenderer
from pages.render import Answer, Texts

MARKDOWN = MarkdownRenderer()
FOUND = Findings(sources=(SourceFound(1, "A", "https://a.example/", ""),))
CALL = ToolUse(ToolCalled("clock", "Clock", "call_1", {}), None, 0)


class Places:
    """Tells of each drawing whether it was done on the event loop."""

    def __init__(self, *, busy_s: float = 0.0) -> None:
        self.on_loop: list[bool] = []
        self._loop_thread = threading.get_ident()
        self.busy_s = busy_s

    def render(self, name: str, answer: Answer, texts: Texts) -> str:
        self.on_loop.append(threading.get_ident() == self._loop_thread)
        until_s = time.thread_time() + self.busy_s
        while time.thread_time() < until_s:
            pass
        return f"{name}: {texts.text(answer.text)}"


async def _drawn(places: Places, *answers: Answer, learnt: set[str] | None = None) -> list[bool]:
    drawing = Drawing(places.render, MARKDOWN, set() if learnt is None else learnt)
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
        Answer("", "", "~~~xy\nprint"),
        Answer("", "", reasoning="```python\nprint"),
        Answer("", "", "So: ", tool_calls=(CALL,)),
        Answer("", "", "So: ", findings=FOUND),
    ],
    ids=[
        "much text",
        "much reasoning",
        "code",
        "code that has ended",
        "tildes",
        "code in thoughts",
        "a call",
        "a source",
    ],
)
async def test_what_may_take_longer_is_drawn_in_a_thread(answer: Answer) -> None:
    assert await _drawn(Places(), answer) == [False]


async def test_code_in_a_language_is_drawn_in_a_thread_once() -> None:
    learnt: set[str] = set()
    code = [Answer("", "", text) for text in ("```py\na", "```py\na = 1", "```py\na = 1\n```\nso")]

    assert await _drawn(Places(), *code, learnt=learnt) == [False, True, True]
    assert await _drawn(Places(), code[0], Answer("", "", "```py"), learnt=learnt) == [True, False]


@pytest.mark.parametrize(
    "code",
    [
        "```html\n<p>\n<script>\nlet",
        "```xy\n<p>\n```\nso",
        "````md\n```html\n<p>\n```\n````\nso",
        "~~~html\n```\n<script>",
        "Use ``` here.\n```html\n<p>",
        "- ```html\n  <p>\n\nso",
    ],
)
async def test_code_that_may_hold_another_language_is_drawn_in_threads_to_the_end(
    code: str,
) -> None:
    ends = range(code.index("html" if "html" in code else "xy"), len(code) + 1)
    answers = [Answer("", "", code[:end]) for end in ends]

    assert not any(await _drawn(Places(), *answers, learnt=set(SELF_CONTAINED)))


@pytest.mark.parametrize("name", sorted(SELF_CONTAINED))
def test_what_counts_as_holding_no_other_language_is_a_language_of_its_own(name: str) -> None:
    assert not issubclass(find_lexer_class_by_name(name), DelegatingLexer)


async def test_a_slow_one_is_remembered_for_a_while() -> None:
    places = Places(busy_s=2 * QUICK_S)
    drawing = Drawing(places.render, MARKDOWN, set())
    for text in ("One", "One two"):
        await drawing.html("a", Answer("", "", text))
    places.busy_s = 0.0
    for words in range(2, 9):
        await drawing.html("a", Answer("", "", "One" + " two" * words))

    assert places.on_loop[:4] == [True, False, False, False]
    assert places.on_loop[-1]


async def test_a_text_that_is_shorter_than_before_is_another_one() -> None:
    answers = [Answer("", "", text) for text in ("```xy\nprint", "One", "One two")]

    assert await _drawn(Places(), *answers) == [False, True, True]
