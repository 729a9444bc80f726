"""The forms in which `%%ai -f …` asks for an answer and shows it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from aiportal.notebook.answer import Answer
from aiportal.notebook.cell import show
from aiportal.notebook.markup import sanitised

__all__ = ["FORMATS", "Format"]

_FENCED = re.compile(r"```[^\n`]*\n(.*?)(?:\n)?```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Format:
    """instruction: what the model is told beside the prompt. show: how the whole answer is shown in
    the shell; None for Markdown, which is shown while it comes."""

    instruction: str = ""
    show: Callable[[Any, Answer], None] | None = None


def _unfenced(text: str) -> str:
    """What stands in the first fenced block, else the whole text."""
    fenced = _FENCED.search(text)
    return fenced[1] if fenced else text.strip()


def _show_code(shell: Any, answer: Answer) -> None:
    shell.set_next_input(_unfenced(answer.text), replace=False)
    show({"text/plain": f"The code is in the next cell. [{answer.facts}]"})


def _show_html(_: Any, answer: Answer) -> None:
    html = _unfenced(answer.text)
    show({"text/html": sanitised(html), "text/plain": html})


def _show_json(_: Any, answer: Answer) -> None:
    text = _unfenced(answer.text)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        show({"text/plain": f"The model wrote no valid JSON:\n{answer.text}"})
    else:
        show({"application/json": value, "text/plain": text})


def _show_math(_: Any, answer: Answer) -> None:
    text = _unfenced(answer.text).strip("$ \n")
    show({"text/latex": f"$$\n{text}\n$$", "text/plain": text})


def _show_text(_: Any, answer: Answer) -> None:
    show({"text/plain": answer.text})


_MARKDOWN = Format()
FORMATS: dict[str, Format] = {
    "code": Format("Answer with one fenced block of code and nothing else.", _show_code),
    "html": Format("Answer with HTML only, without a document around it.", _show_html),
    "json": Format("Answer with one JSON value and nothing else.", _show_json),
    "markdown": _MARKDOWN,
    "math": Format("Answer with one LaTeX formula and nothing else.", _show_math),
    "md": _MARKDOWN,
    "text": Format("Answer in plain text without any markup.", _show_text),
}
