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

__all__ = ["KeptArtifact", "ToolArtifacts", "with_files_stored"]

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
        told, rows = await asyncio.to_thread(with_files_stored, message_id, returned)

        def insert(database: sqlite_utils.Database) -> None:
            if database.execute(_OWNED, (message_id, principal.user_id)).fetchone():
                database.table("tool_artifacts").insert_all(rows)

        await self._database.write(insert)
        return told

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


def with_files_stored(
    message_id: str, returned: ToolReturned
) -> tuple[ToolReturned, list[dict[str, Any]]]:
    """The event with the ids of its files in the place of their data, and the rows that have them."""
    told, rows = [], []
    for one in returned.artifacts:
        if one.data is not None:
            row = {
                "id": new_id("artifact"),
                "message_id": message_id,
                "name": one.name,
                "mime": one.mime,
                "data": base64.b64decode(one.data),
            }
            rows.append(row)
            one = replace(one, id=str(row["id"]), data=None)
        told.append(one)
    return replace(returned, artifacts=tuple(told)), rows
