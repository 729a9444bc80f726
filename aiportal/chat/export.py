"""A conversation as a file: Markdown and HTML to read, a notebook to work on, JSON to keep."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from aiportal.chat.attached import attached_line
from aiportal.chat.conversation import Conversation
from aiportal.chat.messages import Message
from aiportal.chat.passages import Passage, branch_to
from aiportal.chat.tool_text import use_markdown

__all__ = ["OWN_FORMAT", "OWN_VERSION", "Export", "ExportFormat", "export_conversation", "slug"]

ExportFormat = Literal["md", "json", "html", "ipynb"]
OWN_FORMAT = "aiportal.conversation"
OWN_VERSION = 1
MAX_SLUG_CHARS = 60


@dataclass(frozen=True, slots=True)
class Export:
    """filename: plain ASCII, safe as a file name on every system."""

    filename: str
    media_type: str
    text: str


def export_conversation(
    conversation: Conversation,
    tree: Sequence[Message],
    format: ExportFormat,  # noqa: A002
    *,
    leaf_id: str | None = None,
) -> Export:
    """tree: all messages, parents before their children; JSON holds them all.

    The other formats hold one branch, the newest or the one that ends with `leaf_id`.
    Raises NotFound for a `leaf_id` that is not in the tree.
    """
    filename = f"{slug(conversation.title)}.{format}"
    branch = branch_to(tree, leaf_id)
    match format:
        case "json":
            return Export(filename, "application/json", _json(conversation, tree))
        case "md":
            text = _markdown(conversation, branch)
            return Export(filename, "text/markdown; charset=utf-8", text)
        case "html":
            # Its Markdown parser takes as long to import as half of the command line.
            from aiportal.chat.document import conversation_document

            passages = [Passage.of(message) for message in branch]
            text = conversation_document(conversation, passages)
            return Export(filename, "text/html; charset=utf-8", text)
        case "ipynb":
            from aiportal.chat.notebook_file import notebook_text

            text = notebook_text(conversation, branch)
            return Export(filename, "application/x-ipynb+json", text)


def slug(title: str) -> str:
    """A title as a part of a file name: lower-case ASCII, never empty."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return words[:MAX_SLUG_CHARS].rstrip("-") or "conversation"


def _markdown(conversation: Conversation, branch: Sequence[Message]) -> str:
    parts = [f"# {conversation.title}"]
    if conversation.system_prompt:
        parts += ["## System prompt", conversation.system_prompt]
    for message in branch:
        parts.append(_heading(message))
        if line := attached_line([file.name for file in message.attachments]):
            parts.append(line)
        parts += [use_markdown(use) for use in message.tool_calls]
        if message.content:
            parts.append(message.content)
        if message.error is not None:
            parts.append(f"> {message.error.message}")
    return "\n\n".join(parts) + "\n"


def _heading(message: Message) -> str:
    if message.role == "user":
        return "## Question"
    ending = "" if message.status == "done" else f", {message.status}"
    return f"## Answer ({message.model or 'unknown model'}{ending})"


def _json(conversation: Conversation, tree: Sequence[Message]) -> str:
    document = {
        "format": OWN_FORMAT,
        "version": OWN_VERSION,
        **asdict(conversation),
        "messages": [_message_json(message) for message in tree],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _message_json(message: Message) -> dict[str, Any]:
    calls = {"tool_calls": [use.as_json() for use in message.tool_calls]}
    return asdict(replace(message, tool_calls=())) | calls
