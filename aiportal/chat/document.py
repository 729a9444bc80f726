"""A branch of a conversation as one HTML file: no script, no other file, no other host.

What models wrote has passed the sanitiser, all other text is escaped; and a policy in the file
forbids whatever would load or run all the same.
"""

import html
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Final

from aiportal.chat.conversation import Conversation
from aiportal.chat.passages import Passage
from aiportal.markdown import SafeMarkdown

__all__ = ["conversation_document", "day_text", "document_html", "models_of"]

MAX_STYLED_CHARS: Final = 500_000
"""Of one document. What comes after them is shown letter by letter: parsing takes seconds."""

_POLICY: Final = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">"
    '<meta name="referrer" content="no-referrer">'
)
_ENDINGS: Final = {
    "running": "still being written",
    "interrupted": "interrupted",
    "cancelled": "stopped",
    "error": "broke off",
}


def conversation_document(conversation: Conversation, passages: Sequence[Passage]) -> str:
    """The file of an export."""
    return document_html(
        title=conversation.title,
        facts=[day_text(conversation.created_at), *models_of(passages)],
        passages=passages,
        system_prompt=conversation.system_prompt,
    )


def document_html(
    *,
    title: str,
    facts: Sequence[str],
    passages: Sequence[Passage],
    system_prompt: str = "",
    head: str = _POLICY,
    bar: str = "",
) -> str:
    """The whole page. facts: texts for the line below the title.

    head: safe HTML for the head, in a file its policy. bar: safe HTML to stand above all.
    """
    writer = _Writer()
    line = " · ".join(html.escape(fact) for fact in facts)
    prompt = (
        '<section class="prompt"><h2>System prompt</h2>'
        f'<div class="plain" dir="auto">{html.escape(system_prompt)}</div></section>'
        if system_prompt
        else ""
    )
    body = "\n".join(writer.section(passage) for passage in passages)
    empty = "" if passages else '<p class="none">Nothing has been said here yet.</p>'
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'{head}\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{_stylesheet()}</style>\n</head>\n"
        f'<body class="document">\n{bar}\n<main>\n<header><h1 dir="auto">{html.escape(title)}</h1>'
        f"<p>{line}</p></header>\n{prompt}\n{body}{empty}\n</main>\n</body>\n</html>\n"
    )


class _Writer:
    """Writes passages until so much has been styled that the rest is better left plain."""

    def __init__(self) -> None:
        self._markdown = SafeMarkdown()
        self._left = MAX_STYLED_CHARS

    def section(self, passage: Passage) -> str:
        if passage.role == "user":
            text = f'<div class="plain" dir="auto">{html.escape(passage.content)}</div>'
            files = "".join(f"<li>{html.escape(name)}</li>" for name in passage.attachments)
            listed = f'<ul class="files" aria-label="Attached">{files}</ul>' if files else ""
            return f'<section class="question"><h2>Question</h2>{listed}{text}</section>'
        parts = [f"<h2>Answer{_told(passage)}</h2>"]
        if passage.reasoning:
            thoughts = self._styled(passage.reasoning)
            parts.append(f"<details><summary>Thoughts</summary>{thoughts}</details>")
        parts += [_tool(text) for text in passage.tools]
        if passage.content:
            parts.append(self._styled(passage.content))
        if passage.problem:
            parts.append(f'<p class="problem">{html.escape(passage.problem)}</p>')
        return f'<section class="answer">{"".join(parts)}</section>'

    def _styled(self, text: str) -> str:
        self._left -= len(text)
        styled = self._markdown.html(text) if self._left >= 0 else None
        if styled is None:
            return f'<div class="plain" dir="auto">{html.escape(text)}</div>'
        styled = styled.replace("<table>", '<div class="wide"><table>')
        styled = styled.replace("</table>", "</table></div>")
        return f'<div class="md" dir="auto">{styled}</div>'


def _tool(text: str) -> str:
    """A call of a tool, folded, letter by letter."""
    name, _, rest = text.partition("\n")
    return (
        f"<details><summary>{html.escape(name)}</summary>"
        f'<div class="plain" dir="auto">{html.escape(rest)}</div></details>'
    )


def _told(passage: Passage) -> str:
    """Who answered, and how it ended if not well."""
    facts = [passage.model or "", _ENDINGS.get(passage.status, "")]
    return "".join(f"<span>{html.escape(fact)}</span>" for fact in facts if fact)


def models_of(passages: Sequence[Passage]) -> list[str]:
    """The models that answered as one text; none, where none did."""
    models = dict.fromkeys(one.model for one in passages if one.model)
    return [", ".join(models)] if models else []


def day_text(moment: str) -> str:
    """The day of a stored moment, in UTC, such as 3 March 2026."""
    day = datetime.fromisoformat(moment).astimezone(UTC)
    return f"{day.day} {day:%B %Y}"


@cache
def _stylesheet() -> str:
    sheet = resources.files("aiportal.chat").joinpath("document.css")
    return sheet.read_text(encoding="utf-8")
