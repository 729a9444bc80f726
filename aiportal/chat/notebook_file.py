"""A branch of a conversation as a Jupyter notebook (nbformat 4.5).

Questions and answers are Markdown cells with a mark of who speaks; the Python in an answer's
fences is cells of code, ready to run.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from markdown_it import MarkdownIt

from aiportal.chat.attached import attached_line
from aiportal.chat.conversation import Conversation
from aiportal.chat.messages import Message
from aiportal.chat.tool_text import use_markdown
from aiportal.markdown import MAX_MARKDOWN_CHARS

__all__ = ["notebook_text"]

_PYTHON: Final = frozenset({"python", "python3", "py", "ipython", "ipython3"})
_KERNEL: Final = {"name": "python3", "display_name": "Python 3", "language": "python"}


def notebook_text(conversation: Conversation, branch: Sequence[Message]) -> str:
    """The file's text. Its metadata say which conversation it was, and which models answered."""
    parser = MarkdownIt("commonmark")
    cells = [_cell("markdown", _head(conversation), {})]
    for message in branch:
        cells += _cells(message, parser)
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "title": conversation.title,
            "kernelspec": _KERNEL,
            "language_info": {"name": "python"},
            "aiportal": {
                "conversation_id": conversation.id,
                "created_at": conversation.created_at,
                "models": sorted({one.model for one in branch if one.model is not None}),
            },
        },
        "cells": cells,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _head(conversation: Conversation) -> str:
    head = f"# {conversation.title}"
    prompt = conversation.system_prompt
    return f"{head}\n\n**System prompt**\n\n{prompt}" if prompt else head


def _cells(message: Message, parser: MarkdownIt) -> Iterator[dict[str, Any]]:
    about = {
        "role": message.role,
        "message_id": message.id,
        "model": message.model,
        "created_at": message.created_at,
    }
    mark = "\n\n".join([_mark(message), *map(use_markdown, message.tool_calls)])
    pieces = (
        [("markdown", "\n\n".join(filter(None, (_files(message), message.content))))]
        if message.role == "user"
        else _parted(message.content, parser)
    )
    for kind, text in pieces:
        if kind == "code":
            if mark:
                yield _cell("markdown", mark, about)
            yield _cell("code", text, about)
        else:
            yield _cell("markdown", "\n\n".join(filter(None, (mark, text))), about)
        mark = ""
    if mark:
        yield _cell("markdown", mark, about)
    if message.error is not None:
        yield _cell("markdown", f"> {message.error.message}", about)


def _files(message: Message) -> str:
    return attached_line([file.name for file in message.attachments])


def _mark(message: Message) -> str:
    if message.role == "user":
        return "**Question**"
    ending = "" if message.status == "done" else f" ({message.status})"
    return f"**Answer** by {message.model or 'an unknown model'}{ending}"


def _parted(text: str, parser: MarkdownIt) -> Iterator[tuple[str, str]]:
    """An answer's text and its code in turn. Code within lists and quotations stays where it is."""
    if len(text) > MAX_MARKDOWN_CHARS:
        yield "markdown", text
        return
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # as the parser counts lines
    lines = text.split("\n")
    done = 0
    for token in parser.parse(text):
        language = token.info.split(maxsplit=1)[0].lower() if token.info.strip() else ""
        if token.type != "fence" or token.level or token.map is None or language not in _PYTHON:
            continue
        start, end = token.map
        if before := "\n".join(lines[done:start]).strip():
            yield "markdown", before
        yield "code", token.content.rstrip("\n")
        done = end
    if rest := "\n".join(lines[done:]).strip():
        yield "markdown", rest


def _cell(kind: str, source: str, about: dict[str, Any]) -> dict[str, Any]:
    cell = {
        "cell_type": kind,
        "id": "",
        "metadata": {"aiportal": about} if about else {},
        "source": source,
    }
    return cell if kind == "markdown" else {**cell, "execution_count": None, "outputs": []}
