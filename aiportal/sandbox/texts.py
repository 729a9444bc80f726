"""The texts in a JSON value of a stranger's, keys included."""

import json
from collections.abc import Callable
from typing import Any

__all__ = ["sound_texts", "with_texts"]


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """The value with each of its texts changed; a number whose digits are changed becomes a text.

    It has to be shallow.
    """
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(name): with_texts(one, change) for name, one in value.items()}
    if isinstance(value, list):
        return [with_texts(one, change) for one in value]
    written = json.dumps(value)
    changed = change(written)
    return value if changed == written else changed


def sound_texts(value: Any) -> Any:
    """The value without halves of UTF-16 pairs, which no UTF-8 can hold: a `?` for each."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return with_texts(value, _sound)
    return value


def _sound(text: str) -> str:
    return text.encode(errors="replace").decode()
