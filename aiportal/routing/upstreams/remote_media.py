"""Addresses of pictures and files in a conversation.

To fetch them is not this portal's business: a caller would choose what it asks for, from inside its
network. LiteLLM would fetch them for providers that take no address.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from aiportal.errors import UpstreamRejected

__all__ = ["refuse_remote_media"]

_TEXTS = {"text", "thinking", "redacted_thinking", "refusal"}


def refuse_remote_media(messages: object, *, passed: Sequence[str] = ()) -> None:
    """Raises UpstreamRejected for an address in a message that does not begin as one of `passed`.

    Contents that come along as `data:` are no addresses. passed: what the provider itself takes.
    """
    for index, message in enumerate(messages if isinstance(messages, list) else ()):
        for value in _media(message):
            if "://" in value and not value.startswith(("data:", *passed)):
                raise UpstreamRejected(
                    "The provider of this model takes no pictures and files by their address. "
                    "Send them in the request, as base64 in a `data:` URL.",
                    param=f"messages.{index}.content",
                )


def _media(message: Any) -> Iterator[str]:
    """Every string of the parts that are not text.

    What is inside such a part is looked at whatever it calls itself: a caller writes that, too.
    """
    if not isinstance(message, dict):
        return
    for field in ("content", "images"):
        parts = message.get(field)
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict) and part.get("type") not in _TEXTS:
                yield from _strings(part)


def _strings(whole: object) -> Iterator[str]:
    """Without recursion, which would take as many steps for each as it is deep."""
    pending = [whole]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, list):
            pending += value
