"""From a file's bytes to the conversations in it, one after the other."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from aiportal.chat.conversation import MAX_TITLE_CHARS, title_from
from aiportal.chat.imports.archives import archive_items, is_archive
from aiportal.chat.imports.chatgpt import from_chatgpt, is_chatgpt
from aiportal.chat.imports.foreign import ForeignConversation, check_bounds, text_of
from aiportal.chat.imports.items import OPENING_BYTES, Item, ItemCutter
from aiportal.chat.imports.open_webui import from_open_webui, is_open_webui
from aiportal.chat.imports.own import from_own, is_own
from aiportal.dialects import tool_json
from aiportal.errors import InvalidRequest

__all__ = ["Unreadable", "conversations_in"]

MAX_FOREIGN_ID_CHARS: Final = 200
MAX_ITEMS: Final = 20_000
PIECE_BYTES: Final = 1024 * 1024
_TITLE: Final = re.compile(rb'"title"\s*+:\s*+("(?:[^"\\]++|\\.)*+")')
_UNKNOWN: Final = (
    "The file holds no conversations that can be read. Send an export of this portal (JSON or "
    "ZIP), ChatGPT's conversations.json or the ZIP with it, or Open WebUI's JSON."
)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A conversation of the file that cannot be taken. reason: what is wrong with it, in words."""

    title: str
    reason: str


def conversations_in(data: bytes) -> Iterator[ForeignConversation | Unreadable]:
    """Everything that the file holds, read as it is asked for: an archive is never unpacked whole.

    Raises InvalidRequest, at the end, for a file in which there is no conversation of a known kind.
    """
    is_packed = is_archive(data)
    is_known = False
    complaint = _UNKNOWN
    for number, item in enumerate(archive_items(data) if is_packed else _items(data), 1):
        if number > MAX_ITEMS:
            yield Unreadable("The rest of the file", f"At most {MAX_ITEMS:,} are read at a time.")
            break
        try:
            value = _decoded(item)
        except InvalidRequest as error:
            complaint = f"{_UNKNOWN} Of this file: {error.message}"
            yield Unreadable(_opening_title(item) or _numbered(number), error.message)
            continue
        found = _translated(value, item, number)
        is_known = is_known or found is not None
        if found is not None:
            yield found
        elif not is_packed:  # an archive holds other lists, too
            yield Unreadable(_numbered(number), "It is no conversation of a kind that is known.")
    if not is_known:
        raise InvalidRequest(complaint)


def _items(data: bytes) -> Iterator[Item]:
    cutter = ItemCutter()
    for start in range(0, len(data), PIECE_BYTES):
        yield from cutter.feed(data[start : start + PIECE_BYTES])
    yield from cutter.end()


def _translated(value: object, item: Item, number: int) -> ForeignConversation | Unreadable | None:
    """None for what has none of the known shapes."""
    if not isinstance(value, dict):
        return None
    digest = f"sha256:{hashlib.sha256(item.raw or b'').hexdigest()}"
    try:
        if is_own(value):
            found = from_own(value)
        elif is_chatgpt(value):
            found = from_chatgpt(value, digest)
        elif is_open_webui(value):
            found = from_open_webui(value, digest)
        else:
            return None
        check_bounds(found)
    except InvalidRequest as error:
        return Unreadable(_title(value) or _numbered(number), error.message)
    is_long = len(found.foreign_id) > MAX_FOREIGN_ID_CHARS
    return replace(found, title=_titled(found), foreign_id=digest if is_long else found.foreign_id)


def _titled(found: ForeignConversation) -> str:
    """The file's own title, else one from the first question."""
    if title := " ".join(found.title.replace("\0", " ").split()):
        return title if len(title) <= MAX_TITLE_CHARS else f"{title[: MAX_TITLE_CHARS - 1]}…"
    first = next((one.content for one in found.messages if one.role == "user"), "")
    return title_from(first) or "Imported chat"


def _title(value: Mapping[str, Any]) -> str:
    chat = value.get("chat")
    inner = chat.get("title") if isinstance(chat, dict) else None
    return title_from(text_of(value.get("title")) or text_of(inner))


def _opening_title(item: Item) -> str:
    """The title of what could not be decoded, if it stands near the beginning."""
    found = _TITLE.search(item.raw or item.opening, 0, OPENING_BYTES)
    try:
        return "" if found is None else title_from(orjson.loads(found[1]))
    except orjson.JSONDecodeError:
        return ""


def _numbered(number: int) -> str:
    return f"Number {number:,} of the file"


def _decoded(item: Item) -> Any:
    """Raises InvalidRequest. Half a surrogate pair, which ChatGPT's titles may end in, is mended."""
    if item.raw is None:
        raise InvalidRequest(item.problem)
    try:
        value = orjson.loads(item.raw)
        if not is_own(value):
            return value
    except orjson.JSONDecodeError as error:
        if "surrogate" not in error.msg:
            raise InvalidRequest(f"It is not valid JSON: {error.msg}.") from error
    try:  # what a tool gave keeps its digits
        loose = json.dumps(tool_json.loads(item.raw), ensure_ascii=False)
        return tool_json.loads(loose.encode(errors="replace"))
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("It is not valid JSON.") from error
