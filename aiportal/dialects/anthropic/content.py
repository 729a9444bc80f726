"""What a conversation in Anthropic's dialect holds, read without knowing every block that there is."""

from collections.abc import Iterator
from typing import Any

from aiportal.dialects.anthropic.thinking import is_own_mark

__all__ = ["blocks_of", "texts_of", "without_own_thinking"]

_INSIDE = ("content", "source")


def blocks_of(content: object) -> Iterator[dict[str, Any]]:
    """Every block of a content, and the sources and blocks within, in no particular order."""
    pending = [content]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            yield value
            pending += [value[name] for name in _INSIDE if isinstance(value.get(name), dict | list)]


def texts_of(content: object) -> Iterator[str]:
    """Every text of a content, a document's and a tool result's included; no base64."""
    if isinstance(content, str):
        yield content
    for block in blocks_of(content):
        for name in ("text", "thinking", "content"):
            if isinstance(text := block.get(name), str):
                yield text
        if block.get("type") == "text" and isinstance(data := block.get("data"), str):
            yield data


def without_own_thinking(messages: list[Any]) -> list[Any]:
    """The same messages without thinking that is marked by the portal.

    Another model has thought it, earlier in the conversation; Anthropic takes only what it has signed.
    """
    kept = [_without(message) for message in messages]
    is_same = all(one is other for one, other in zip(kept, messages, strict=True))
    return messages if is_same else [message for message in kept if message is not None]


def _without(message: Any) -> Any:
    """The message itself where nothing is to be left out, None where nothing is left."""
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list):
        return message
    kept = [block for block in content if not _is_own_thinking(block)]
    if len(kept) == len(content):
        return message
    return {**message, "content": kept} if kept else None


def _is_own_thinking(block: object) -> bool:
    if not isinstance(block, dict) or block.get("type") != "thinking":
        return False
    signature = block.get("signature")
    return isinstance(signature, str) and is_own_mark(signature)
