"""Files of projects: attachments that stand before each conversation of a project."""

from collections.abc import Sequence
from typing import Final

import sqlite_utils

from aiportal.chat.attached import AttachedFile, Attachment
from aiportal.chat.attachments.rows import owned_attachment
from aiportal.chat.owned_rows import not_found, owned_project_row
from aiportal.chat.projects import Project
from aiportal.errors import Conflict
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text

__all__ = ["MAX_PER_PROJECT", "ProjectFiles"]

MAX_PER_PROJECT: Final = 20

_OF_PROJECT: Final = """
SELECT attachments.* FROM project_files f JOIN attachments ON attachments.id = f.attachment_id
WHERE f.project_id = ? AND attachments.user_id = ? ORDER BY f.number
"""
_IDS: Final = "SELECT attachment_id FROM project_files WHERE project_id = ?"
_INSERT: Final = """
INSERT INTO project_files (project_id, attachment_id, created_at) VALUES (?, ?, ?)
"""
_DELETE: Final = "DELETE FROM project_files WHERE project_id = ? AND attachment_id = ?"


class ProjectFiles:
    """Every method sees only the caller's own; another's is NotFound, as if it were not there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, principal: Principal, project_id: str) -> Sequence[Attachment]:
        """In the order in which they were added. Raises NotFound."""

        def select(database: sqlite_utils.Database) -> list[Attachment]:
            owned_project_row(database, principal, project_id)
            return _listed(database, principal, project_id)

        return await self._database.read(select)

    async def of(self, principal: Principal, project: Project | None) -> tuple[AttachedFile, ...]:
        """What a model is sent before a conversation of the project; nothing without one."""
        if project is None:
            return ()
        found = await self._database.read(lambda database: _listed(database, principal, project.id))
        return tuple(one.attached for one in found)

    async def add(self, principal: Principal, project_id: str, attachment_id: str) -> Attachment:
        """Put one behind the others; one that is there stays where it is.

        Raises NotFound; Conflict beyond 20 of them.
        """

        def insert(database: sqlite_utils.Database) -> Attachment:
            owned_project_row(database, principal, project_id)
            return _added(database, principal, project_id, attachment_id)

        return await self._database.write(insert)

    async def put(
        self, principal: Principal, project_id: str, attachment_ids: Sequence[str]
    ) -> Sequence[Attachment]:
        """Let it have these and no others: all of the change or nothing. As `add`."""

        def change(database: sqlite_utils.Database) -> list[Attachment]:
            owned_project_row(database, principal, project_id)
            for gone in _ids(database, project_id).difference(attachment_ids):
                database.execute(_DELETE, (project_id, gone))
            for one in attachment_ids:
                _added(database, principal, project_id, one)
            return _listed(database, principal, project_id)

        return await self._database.write(change)

    async def remove(self, principal: Principal, project_id: str, attachment_id: str) -> None:
        """Take one out. The file goes with the next sweep, unless a question holds it.

        Raises NotFound, also where it is not in the project.
        """

        def delete(database: sqlite_utils.Database) -> None:
            owned_project_row(database, principal, project_id)
            if not database.execute(_DELETE, (project_id, attachment_id)).rowcount:
                raise not_found("file of the project", attachment_id, param=None)

        await self._database.write(delete)


def _listed(
    database: sqlite_utils.Database, principal: Principal, project_id: str
) -> list[Attachment]:
    values = (project_id, principal.user_id)
    return [Attachment.from_row(row) for row in database.query(_OF_PROJECT, values)]


def _ids(database: sqlite_utils.Database, project_id: str) -> set[str]:
    return {row[0] for row in database.execute(_IDS, (project_id,)).fetchall()}


def _added(
    database: sqlite_utils.Database, principal: Principal, project_id: str, attachment_id: str
) -> Attachment:
    row = owned_attachment(database, principal, attachment_id, param="attachment_id")
    there = _ids(database, project_id)
    if attachment_id not in there:
        if len(there) >= MAX_PER_PROJECT:
            raise Conflict(
                f"The project has {len(there)} files, as many as it takes. Remove one first.",
                code="project_files_full",
            )
        database.execute(_INSERT, (project_id, attachment_id, now_text()))
    return Attachment.from_row(row)
