"""Values of the notebook inside a prompt: `{name}`, `{In[3]}`, `{Out[3]}`, `{Err[3]}`."""

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["filled"]

_FIELD = re.compile(r"\{(?:(?P<history>In|Out|Err)\[(?P<number>\d+)\]|(?P<name>[A-Za-z_]\w*))\}")


def filled(prompt: str, namespace: Mapping[str, Any]) -> str:
    """The prompt with the values of names that are known. All else in braces stays as it is.

    So JSON and code may stand in a prompt with their braces undoubled.
    """
    return _FIELD.sub(lambda match: _value(match, namespace), prompt)


def _value(match: re.Match[str], namespace: Mapping[str, Any]) -> str:
    if (name := match["name"]) is not None:
        return str(namespace[name]) if name in namespace else match[0]
    history, number = namespace.get(match["history"], ()), int(match["number"])
    if isinstance(history, Mapping):
        return str(history[number]) if number in history else match[0]
    return str(history[number]) if number < len(history) else match[0]
