"""Reads a web page through the portal: its text, links, tables, and what it says of itself."""

import json
from typing import Any

from aiportal_tool import PortalRefusal, ask
from page import Page, ToolError

__all__ = ["run"]

HTML = ("text/html", "application/xhtml+xml")
KINDS = ("text", "links", "tables", "metadata", "all")
DEFAULT_CHARS = 20_000


def run(parameters: dict[str, Any]) -> dict[str, Any]:
    """What was asked of the page, with `notes` where something is cut or unusual.

    Raises ToolError in words where the page cannot be had.
    """
    url, what = _address(parameters.get("url")), parameters.get("what", "text")
    if what not in KINDS:
        raise ToolError(f"`what` is one of {', '.join(KINDS)}.")
    try:
        fetched = ask("fetch", url=url)
    except PortalRefusal as exc:
        raise ToolError(str(exc)) from exc
    if fetched["status"] >= 400:
        raise ToolError(_refused(fetched["status"], fetched["url"]))
    notes = []
    if fetched.get("is_truncated"):
        notes.append("The page is larger than what is fetched: its end is missing.")
    told: dict[str, Any] = {"url": fetched["url"], "mime": fetched["mime"]}
    if fetched["mime"] in HTML:
        told |= _of_html(fetched, what, parameters, notes)
    else:
        notes.append(f"This is no web page but {fetched['mime'] or 'of no known kind'}.")
        told |= _of_other(fetched, parameters, notes)
    return told | ({"notes": notes} if notes else {})


def _address(url: Any) -> str:
    text = str(url or "").strip()
    if not text:
        raise ToolError("Give the `url` of a page.")
    return text if "://" in text else f"https://{text}"


def _refused(status: int, url: str) -> str:
    reason = {
        401: "it asks for a sign-in",
        403: "it does not let programs read it",
        404: "there is no such page",
        410: "the page is gone",
        429: "it is asked too often; try again later",
        451: "it is withheld for legal reasons",
    }.get(status, "the site has an error of its own" if status >= 500 else "it refuses")
    return f"{url} answers with status {status}: {reason}."


def _of_html(
    fetched: dict[str, Any], what: str, parameters: dict[str, Any], notes: list[str]
) -> dict[str, Any]:
    page = Page(fetched.get("text") or "", fetched["url"])
    told: dict[str, Any] = {}
    if what in ("metadata", "all"):
        told["metadata"] = page.metadata()
    elif what == "text":
        told["title"] = page.title()
    if what in ("text", "all"):
        text = page.text(keep_links=bool(parameters.get("keep_links")))
        if not text:
            notes.append("No text was found; the page may be made by scripts.")
        told |= _cut(text, parameters, notes)
    if what in ("links", "all"):
        told["links"] = page.links(notes)
    if what in ("tables", "all"):
        told["tables"] = page.tables(notes)
        if not told["tables"] and what == "tables":
            notes.append("The page has no tables.")
    return told


def _of_other(
    fetched: dict[str, Any], parameters: dict[str, Any], notes: list[str]
) -> dict[str, Any]:
    text = fetched.get("text")
    if text is None:
        raise ToolError(
            f"{fetched['url']} is a file of type {fetched['mime']}, not a page with text. "
            "Only web pages, plain text, JSON and XML are read."
        )
    if fetched["mime"].endswith("json") and len(text) <= parameters.get("max_chars", DEFAULT_CHARS):
        try:
            return {"json": json.loads(text)}
        except ValueError:
            notes.append("It says to be JSON, but is not.")
    return _cut(text, parameters, notes)


def _cut(text: str, parameters: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    start, most = parameters.get("start", 0), parameters.get("max_chars", DEFAULT_CHARS)
    piece = text[start : start + most]
    if start + len(piece) < len(text):
        notes.append(
            f"Characters {start:,} to {start + len(piece):,} of {len(text):,}; "
            f"go on with `start`: {start + len(piece)}."
        )
    elif start and not piece:
        notes.append(f"The text has only {len(text):,} characters.")
    return {"text": piece, "total_chars": len(text)}
