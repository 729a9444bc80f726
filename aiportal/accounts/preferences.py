"""What a user's programs remember for them: one JSON object, kept as it is."""

from collections.abc import Mapping
from typing import Any

import orjson
import sqlite_utils

from aiportal.errors import InvalidRequest, RequestTooLarge
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text

__all__ = ["MAX_PREFERENCES_BYTES", "Preferences"]

MAX_PREFERENCES_BYTES = 64 * 1024  # as JSON in UTF-8, without needless blanks
_READ = "SELECT content FROM preferences WHERE user_id = :user_id"
_WRITE = (
    "INSERT INTO preferences VALUES (:user_id, :content, :updated_at) ON CONFLICT (user_id)"
    " DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at"
)


class Preferences:
    """Keeps one object for each user; the last one that is written counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, principal: Principal) -> dict[str, Any]:
        """The caller's object, an empty one if there is none yet."""

        def work(database: sqlite_utils.Database) -> str | None:
            row = database.execute(_READ, {"user_id": principal.user_id}).fetchone()
            return None if row is None else str(row[0])

        content = await self._database.read(work)
        found: dict[str, Any] = {} if content is None else orjson.loads(content)
        return found

    async def replace(self, principal: Principal, content: Mapping[str, Any]) -> None:
        """Put `content` in the place of the caller's object.

        Raises RequestTooLarge, InvalidRequest for what cannot be JSON or is nested too deeply.
        """
        row = _row(principal, content)

        def work(database: sqlite_utils.Database) -> None:
            database.execute(_WRITE, row)

        await self._database.write(work)

    async def merge(self, principal: Principal, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Change what `patch` names and leave the rest (RFC 7396: null removes); the whole object.

        Two programs that change different things lose nothing. Raises as `replace`, and then nothing
        has changed.
        """
        _encoded(patch)  # bounds how deep the merging goes

        def work(database: sqlite_utils.Database) -> dict[str, Any]:
            found = database.execute(_READ, {"user_id": principal.user_id}).fetchone()
            merged = _merged({} if found is None else orjson.loads(found[0]), patch)
            database.execute(_WRITE, _row(principal, merged))
            return merged

        return await self._database.write(work)


def _row(principal: Principal, content: Mapping[str, Any]) -> dict[str, str]:
    return {
        "user_id": principal.user_id,
        "content": _encoded(content),
        "updated_at": now_text(),
    }


def _merged(before: object, patch: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON Merge Patch applied to an object; what was no object gives way to one."""
    merged = dict(before) if isinstance(before, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            merged[name] = _merged(merged.get(name), value)
        else:
            merged[name] = value
    return merged


def _encoded(content: Mapping[str, Any]) -> str:
    try:
        encoded = orjson.dumps(dict(content))
    except orjson.JSONEncodeError as error:
        raise InvalidRequest(
            f"Preferences have to be plain JSON, nested at most some 250 levels deep ({error})."
        ) from error
    if len(encoded) > MAX_PREFERENCES_BYTES:
        raise RequestTooLarge(
            f"Preferences may have {MAX_PREFERENCES_BYTES} bytes, these have {len(encoded)}. "
            "Leave something out."
        )
    return encoded.decode()
