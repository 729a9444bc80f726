"""A server's entry as it is told, without the secrets that stand in it, and what comes back of that."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from aiportal.errors import InvalidRequest
from aiportal.tools.servers.entry import McpServerEntry, variable_of

__all__ = ["check_variables", "told_entry", "with_kept_values"]

PLACES: Final = ("headers", "env")
OPEN_VARIABLES: Final = "MCP_"
"""Begin the names of the variables that administrators may hand to a server; others, such as
providers' keys, are handed out by whoever writes the file."""


def told_entry(entry: McpServerEntry) -> dict[str, Any]:
    """As it is written, with None for each header and variable whose value itself stands there."""
    content = entry.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for place in PLACES:
        if place in content:
            content[place] = {
                name: value if value == "" or variable_of(value) is not None else None
                for name, value in content[place].items()
            }
    return content


def with_kept_values(draft: Mapping[str, Any], before: object) -> dict[str, Any]:
    """The draft, with what `before` has wherever the draft says None of a header or a variable.

    before: the entry as the file has it. A value is kept for the server that it was written for: it
    goes to no other origin and into no other command. Raises InvalidRequest.
    """
    known: Mapping[str, Any] = before if isinstance(before, Mapping) else {}
    content = dict(draft)
    for place in PLACES:
        values = draft.get(place)
        if isinstance(values, Mapping):
            content[place] = {
                name: _kept(place, str(name), draft, known) if value is None else value
                for name, value in values.items()
            }
    return content


def check_variables(content: Mapping[str, Any], before: object) -> None:
    """Raises InvalidRequest for a variable that this server has not had before, unless it is open.

    content, before: entries as the file has them.
    """
    known: Mapping[str, Any] = before if isinstance(before, Mapping) else {}
    for place in PLACES:
        values, had = content.get(place), known.get(place)
        if not isinstance(values, Mapping):
            continue
        is_same = _whose(place, content) == _whose(place, known)
        for name, value in values.items():
            named = variable_of(value) if isinstance(value, str) else None
            if named is None or named[1].startswith(OPEN_VARIABLES):
                continue
            if is_same and isinstance(had, Mapping) and had.get(name) == value:
                continue
            param = f"{place}.{str(name)[:100]}"
            words = (
                f"`{param}` names the variable {named[1][:100]}. From here only those can be named "
                f"that begin with {OPEN_VARIABLES}; write others into tools/config.json."
            )
            raise InvalidRequest(words, param=param)


def _kept(place: str, name: str, draft: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    param = f"{place}.{name[:100]}"
    values = before.get(place)
    value = values.get(name) if isinstance(values, Mapping) else None
    if not isinstance(value, str):
        raise InvalidRequest(f"`{param}` has no value yet: write one.", param=param)
    if variable_of(value) is None and _whose(place, draft) != _whose(place, before):
        words = (
            "the server is another one now, so the value that it had is not kept. Write it again."
        )
        raise InvalidRequest(f"`{param}`: {words}", param=param)
    return value


def _whose(place: str, entry: Mapping[str, Any]) -> object:
    """What a value is given to."""
    if place == "env":
        return (entry.get("command"), entry.get("args") or [])
    try:
        parts = urlsplit(str(entry.get("url")))
        return (parts.scheme, parts.hostname, parts.port)
    except ValueError:
        return None
