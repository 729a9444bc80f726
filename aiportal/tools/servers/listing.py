"""From what a server lists to tools of ours: named, bounded, with schemas that can be held against
arguments. What cannot be used is left out, and said."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from aiportal.registry import Access
from aiportal.sandbox import CallLimits, sound_texts
from aiportal.tools.parameter_schema import checked_schema
from aiportal.tools.servers.entry import McpServerEntry
from aiportal.tools.servers.state import ListedTool
from aiportal.tools.tool import Origin, Tool

__all__ = ["MAX_TOOLS", "tools_of"]

MAX_TOOLS = 200  # of one server
MAX_ID_CHARS = 64
MAX_DESCRIPTION_CHARS = 4_000
MAX_TITLE_CHARS = 200
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_-]")
_UNSHOWN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_MAPS = frozenset({"properties", "$defs", "definitions", "dependentSchemas"})  # of name to schema
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})  # of schemas
_ONES = frozenset({"items", "additionalProperties", "not"})  # schemas by themselves
_DROPPED = frozenset(  # patterns, and what costs more the more there is
    {"pattern", "patternProperties", "format", "$schema"}
    | {"unevaluatedItems", "unevaluatedProperties", "uniqueItems"}
)
_VALUES = frozenset({"const", "default", "enum", "examples", "required"})


def tools_of(
    server: str,
    entry: McpServerEntry,
    listed: Iterable[ListedTool],
    *,
    access: Access | None,
    max_time_ms: int,
) -> tuple[dict[str, Tool], list[str]]:
    """The tools by id, and what is wrong with the rest."""
    found: dict[str, Tool] = {}
    problems: list[str] = []
    for tool in listed:
        if not any(fnmatchcase(tool.name, pattern) for pattern in entry.allowed_tools):
            continue
        if len(found) == MAX_TOOLS:
            problems.append(f"it has more than {MAX_TOOLS} tools; the rest is left out")
            break
        tool_id = _id_of(server, tool.name)
        if tool_id in found:
            problems.append(f"two of its tools would be called {tool_id!r}; one is left out")
            continue
        try:
            schema = checked_schema(sound_texts(_harmless({"type": "object", **tool.schema})))
        except (ValueError, RecursionError, TypeError) as error:
            words = f"the parameters of its tool {tool.name[:100]!r} cannot be used: {error}"
            problems.append(words[:500])
            continue
        found[tool_id] = Tool(
            id=tool_id,
            folder="",
            name=_clean(tool.title or tool.name)[:MAX_TITLE_CHARS],
            description=_clean(tool.description)[:MAX_DESCRIPTION_CHARS],
            version="",
            is_enabled=True,
            parameters=schema,
            examples=(),
            allowed_models=entry.allowed_models,
            access=access,
            needs_approval=entry.requires_approval,
            limits=CallLimits(wall_s=min(entry.timeout, max_time_ms) / 1000),
            rate=entry.rate_limit,
            hosts=(),
            secrets={},
            lacking=(),
            profile=None,
            preload=(),
            files={},
            category="mcp",
            origin=Origin(server, tool.name),
        )
    return found, problems


def _id_of(server: str, name: str) -> str:
    """`<server>__<tool>`, as a model can say it; a longer one is cut and told apart by its digest."""
    plain = f"{server}__{_NOT_IN_AN_ID.sub('_', name)}"
    if len(plain) <= MAX_ID_CHARS:
        return plain
    digest = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:8]
    return f"{plain[: MAX_ID_CHARS - 9]}_{digest}"


def _clean(text: str) -> str:
    """Without what cannot be seen, which people would not know that a model reads."""
    return _UNSHOWN.sub("", text)


def _harmless(schema: Mapping[str, Any], levels: int = 40) -> dict[str, Any]:
    """Without regular expressions and the like: a stranger's could keep the portal busy for good.

    The server checks them itself.
    """
    if not levels:
        raise ValueError("nested too deep")
    _check_reference(schema.get("$ref"))
    kept = {key: _part(key, value, levels) for key, value in schema.items() if key not in _DROPPED}
    if "patternProperties" in schema:
        kept.pop("additionalProperties", None)
    return kept


def _check_reference(reference: Any) -> None:
    """To where only schemas stand: what is a value elsewhere would become one unlooked at."""
    if isinstance(reference, str):
        first, *steps = reference.split("/")
        while first == "#" and steps:
            if (step := steps.pop(0)) in _ONES:
                continue
            if step not in _MAPS | _LISTS or not steps:
                first = ""
            else:
                del steps[0]
        if first != "#":
            words = "`#/$defs/…`, or another part that is a schema by itself"
            raise ValueError(f"`$ref` is {reference[:80]!r}: {words}")


def _part(key: str, value: Any, levels: int) -> Any:
    if key in _VALUES:
        return value
    if isinstance(value, dict):
        if key in _MAPS:
            return {
                name: _harmless(one, levels - 1) if isinstance(one, dict) else one
                for name, one in value.items()
            }
        return _harmless(value, levels - 1)
    if isinstance(value, list):
        if levels == 1:
            raise ValueError("nested too deep")
        return [_part("", one, levels - 1) for one in value]
    return value
