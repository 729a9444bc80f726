"""What is rendered for a reader is in the reader's language, and in no other reader's."""

import asyncio
from contextvars import copy_context

import pytest

from pages.footers import Versions, answer_foot, usd
from pages.markdown import MarkdownRenderer
from pages.reader import figure, held_together, read_in, worded


def _in(language: str, text: str) -> str:
    def read() -> str:
        read_in(language)
        return worded(text)

    return copy_context().run(read)


def test_words_are_the_readers_and_english_where_nobody_reads() -> None:
    assert _in("de", "Copy the answer") == "Antwort kopieren"
    assert worded("Copy the answer") == "Copy the answer"


async def test_tasks_have_readers_of_their_own_whom_their_threads_know() -> None:
    async def read(language: str) -> str:
        read_in(language)
        await asyncio.sleep(0)
        return await asyncio.to_thread(worded, "Continue")

    found = await asyncio.gather(*(asyncio.create_task(read(one)) for one in ("de", "fr", "en")))

    assert found == ["Fortsetzen", "Continuer", "Continue"]


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "12,345.50"),
        ("de", "12.345,50"),
        ("es", "12.345,50"),
        ("fr", "12\N{NARROW NO-BREAK SPACE}345,50"),
        ("zh", "12,345.50"),
        ("ar", "12,345.50"),
    ],
)
def test_figures_are_written_as_the_language_has_them(language: str, written: str) -> None:
    def read() -> str:
        read_in(language)
        return figure(12_345.5, 2)

    assert copy_context().run(read) == written


def test_amounts_stay_together_only_where_words_run_from_right_to_left() -> None:
    def read() -> str:
        read_in("ar")
        return usd(0.000_01)

    isolated = "\N{LEFT-TO-RIGHT ISOLATE}< $0.0001\N{POP DIRECTIONAL ISOLATE}"
    assert copy_context().run(read) == isolated
    assert held_together("8 k") == "8 k"


def test_what_is_remembered_of_a_text_is_not_shown_in_another_language() -> None:
    markdown = MarkdownRenderer()
    text = "```python\nprint(1)\n```\n\n| a |\n|---|\n| 1 |"

    def read(language: str) -> str:
        read_in(language)
        return markdown.finished(text)

    english, german = (copy_context().run(read, one) for one in ("en", "de"))

    assert 'title="Copy the code"' in english
    assert ">Copy as CSV<" in english
    assert 'title="Code kopieren"' in german
    assert ">Als CSV kopieren<" in german


def test_a_footer_is_wholly_in_the_readers_language() -> None:
    def read() -> str:
        read_in("es")
        return answer_foot(
            Versions("b", ["a", "b"]),
            question_id="q",
            model="acme/fast",
            usage=None,
            rating=None,
            tags="",
            is_edited=True,
            has_text=True,
            has_again=True,
            goes_on=True,
        )

    foot = copy_context().run(read)

    for words in ("Versión 2 de 2", "Copiar la respuesta", "Buena respuesta", ">Continuar<"):
        assert words in foot
    assert "answer" not in foot
