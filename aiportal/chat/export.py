"""A conversation as a file: Markdown to read, JSON to keep."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from aiportal.chat.conversation import Conversation
from aiportal.chat.messages import Message

__all__ = ["Export", "ExportFormat", "export_conversation"]

ExportFormat = Literal["md", "json"]


@dataclass(frozen=True, slots=True)
class Export:
    """filename: plain ASCII, safe as a file name on every system."""

    filename: str
    media_type: str
    text: str


def export_conversation(
    conversation: Conversation,
    messages: Sequence[Message],
    format: ExportFormat,  # noqa: A002
) -> Export:
    """messages: the whole tree, parents before their children."""
    filename = f"{_slug(conversation.title)}.{format}"
    match format:
        case "md":
            text = _markdown(conversation, _newest_branch(messages))
            return Export(filename, "text/markdown; charset=utf-8", text)
        case "json":
            return Export(filename, "application/json", _json(conversation, messages))


def _markdown(conversation: Conversation, branch: Sequence[Message]) -> str:
    parts = [f"# {conversation.title}"]
    if conversation.system_prompt:
        parts += ["## System prompt", conversation.system_prompt]
    for message in branch:
        parts.append(_heading(message))
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


def _json(conversation: Conversation, messages: Sequence[Message]) -> str:
    document = {
        "format": "aiportal.conversation",
        "version": 1,
        **asdict(conversation),
        "messages": [asdict(message) for message in messages],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _newest_branch(messages: Sequence[Message]) -> list[Message]:
    by_id = {message.id: message for message in messages}
    branch: list[Message] = []
    step = messages[-1] if messages else None
    while step is not None:
        branch.append(step)
        step = None if step.parent_id is None else by_id[step.parent_id]
    return branch[::-1]


def _slug(title: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return words[:60].rstrip("-") or "conversation"
