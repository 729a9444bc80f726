"""Files that tools made, kept with the answers that they belong to."""

import asyncio
import base64
from dataclasses import dataclass, replace
from typing import Any

import sqlite_utils

from aiportal.errors import NotFound
from aiportal.events import ToolReturned
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.store import Database

__all__ = ["KeptArtifact", "ToolArtifacts"]

_FIND = """
SELECT a.name, a.mime, a.data FROM tool_artifacts a
JOIN messages m ON m.id = a.message_id JOIN conversations c ON c.id = m.conversation_id
WHERE a.id = ? AND c.user_id = ? AND c.deleted_at IS NULL
"""
_OWNED = """
SELECT 1 FROM messages m JOIN conversations c ON c.id = m.conversation_id
WHERE m.id = ? AND c.user_id = ?
"""


@dataclass(frozen=True, slots=True)
class KeptArtifact:
    """data: from a stranger, whatever `mime` says."""

    name: str
    mime: str
    data: bytes


class ToolArtifacts:
    """Every method sees only the caller's own; another's is NotFound, as if it were not there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(
        self, principal: Principal, message_id: str, returned: ToolReturned
    ) -> ToolReturned:
        """Store the files of a call; the event with their ids in the place of their data.

        Of a message that was deleted meanwhile none are kept. Raises DatabaseUnavailable.
        """
        rows = await asyncio.to_thread(_rows, message_id, returned)
        told = [
            replace(one, id=row["id"], data=None) if row else one
            for one, row in zip(returned.artifacts, rows, strict=True)
        ]

        def insert(database: sqlite_utils.Database) -> None:
            if database.execute(_OWNED, (message_id, principal.user_id)).fetchone():
                database.table("tool_artifacts").insert_all(row for row in rows if row)

        await self._database.write(insert)
        return replace(returned, artifacts=tuple(told))

    async def get(self, principal: Principal, artifact_id: str) -> KeptArtifact:
        """One of them. Raises NotFound."""

        def select(database: sqlite_utils.Database) -> KeptArtifact:
            found = database.execute(_FIND, (artifact_id, principal.user_id)).fetchone()
            if found is None:
                raise NotFound(
                    f"There is no file {artifact_id!r} of a tool. Its answer was deleted, or the id is wrong."
                )
            return KeptArtifact(found[0], found[1], found[2])

        return await self._database.read(select)


def _rows(message_id: str, returned: ToolReturned) -> list[dict[str, Any] | None]:
    return [
        None
        if one.data is None
        else {
            "id": new_id("artifact"),
            "message_id": message_id,
            "name": one.name,
            "mime": one.mime,
            "data": base64.b64decode(one.data),
        }
        for one in returned.artifacts
    ]
