"""Searches the web through the portal, which knows the engines and their keys."""

from typing import Any

from aiportal_tool import PortalRefusal, ask

__all__ = ["ToolError", "run"]

MAX_SNIPPET = 600
MAX_TITLE = 300
MAX_RESULTS = 20
DEFAULT_RESULTS = 5
NOTHING = "Nothing was found. Try other or fewer words."


class ToolError(Exception):
    """The search cannot be made; the message says why."""

    is_told = True


def run(parameters: dict[str, Any]) -> dict[str, Any]:
    """`results`, numbered from 1, of the provider that answered, and a `note` where there is one.

    Raises ToolError in words.
    """
    query = " ".join(str(parameters.get("query") or "").split())
    if not query:
        raise ToolError("Give a `query`: a few telling words.")
    asked: dict[str, Any] = {"query": query}
    asked["max_results"] = max(1, min(MAX_RESULTS, parameters.get("max_results", DEFAULT_RESULTS)))
    if parameters.get("provider"):
        asked["provider"] = parameters["provider"]
    try:
        found = ask("search", **asked)
    except PortalRefusal as exc:
        raise ToolError(str(exc)) from exc
    results = [
        _result(number, one) for number, one in enumerate(found["results"][:MAX_RESULTS], start=1)
    ]
    told = {"query": query, "provider": found.get("provider"), "results": results}
    notes = [found.get("note"), None if results else NOTHING]
    if any(notes):
        told["note"] = " ".join(note for note in notes if note)
    return told


def _result(number: int, found: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "number": number,
        "title": _short(found.get("title"), MAX_TITLE),
        "url": found.get("url"),
        "snippet": _short(found.get("snippet"), MAX_SNIPPET),
    }
    return told | {key: found[key] for key in ("published", "source") if found.get(key)}


def _short(text: Any, most: int) -> str:
    words = " ".join(str(text or "").split())
    return words if len(words) <= most else f"{words[: most - 1]}…"
