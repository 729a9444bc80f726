"""Projects: folders of conversations with instructions and a default model of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from aiportal.chat.conversation import MAX_MODEL_CHARS, Conversation
from aiportal.chat.conversation_list import check_limit
from aiportal.chat.conversations import MAX_SYSTEM_PROMPT_CHARS, Page
from aiportal.chat.owned_rows import owned_project_row
from aiportal.chat.text_bounds import check_text
from aiportal.errors import Conflict
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text

__all__ = ["Project", "Projects", "model_of", "system_prompt_of"]

MAX_PER_USER = 200
MAX_NAME_CHARS = 100

_NEWEST = """
SELECT * FROM projects WHERE user_id = :user_id AND (:number IS NULL OR number < :number)
ORDER BY number DESC LIMIT :limit
"""
_UPDATE = """
UPDATE projects SET name = :name, instructions = :instructions, model = :model,
  updated_at = :updated_at WHERE number = :number
"""


@dataclass(frozen=True, slots=True)
class Project:
    """instructions: stand before the system prompt of each of its conversations. model: the id
    for those that name none, None for the portal's default."""

    id: str
    name: str
    instructions: str
    model: str | None
    created_at: str
    updated_at: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Project":
        """Build one from a row of the table `projects`."""
        return cls(
            id=row["id"],
            name=row["name"],
            instructions=row["instructions"],
            model=row["model"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
        )


class Projects:
    """Every method sees only the caller's own; another's is NotFound, as if it were not there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self, principal: Principal, *, limit: int = MAX_PER_USER, after: str | None = None
    ) -> Page[Project]:
        """The newest first, 1 to 200 of them, from the one after the project `after`."""
        check_limit(limit)

        def select(database: sqlite_utils.Database) -> list[Project]:
            cursor = (
                {}
                if after is None
                else owned_project_row(database, principal, after, param="after")
            )
            values = {
                "user_id": principal.user_id,
                "number": cursor.get("number"),
                "limit": limit + 1,
            }
            return [Project.from_row(row) for row in database.query(_NEWEST, values)]

        found = await self._database.read(select)
        return Page(found[:limit], has_more=len(found) > limit)

    async def create(
        self, principal: Principal, *, name: str, instructions: str = "", model: str | None = None
    ) -> Project:
        """A new one, without conversations. Raises InvalidRequest; Conflict beyond 200 of them."""
        now = now_text()
        row = {
            "model": None,
            **_columns(name, instructions, model),
            "id": new_id("proj"),
            "user_id": principal.user_id,
            "created_at": now,
            "updated_at": now,
        }

        def insert(database: sqlite_utils.Database) -> Project:
            sql = "SELECT count(*) FROM projects WHERE user_id = ?"
            count = database.execute(sql, (principal.user_id,)).fetchone()[0]
            if count >= MAX_PER_USER:
                raise Conflict(
                    f"You have {count} projects, as many as the portal keeps for a user. "
                    "Delete one first."
                )
            database.table("projects").insert(row)
            return Project.from_row(row)

        return await self._database.write(insert)

    async def get(self, principal: Principal, project_id: str) -> Project:
        """One of the caller's own. Raises NotFound."""

        def select(database: sqlite_utils.Database) -> Project:
            return Project.from_row(owned_project_row(database, principal, project_id))

        return await self._database.read(select)

    async def update(
        self,
        principal: Principal,
        project_id: str,
        *,
        name: str | None = None,
        instructions: str | None = None,
        model: str | None = None,
    ) -> Project:
        """Change what is not None. `model=""`: the portal's default. Raises NotFound, InvalidRequest."""
        changes = _columns(name, instructions, model)

        def change(database: sqlite_utils.Database) -> Project:
            row = owned_project_row(database, principal, project_id)
            row |= changes | {"updated_at": now_text()}
            database.execute(_UPDATE, row)
            return Project.from_row(row)

        return await self._database.write(change)

    async def delete(self, principal: Principal, project_id: str) -> None:
        """Remove it; its conversations stay, in no project. Raises NotFound."""

        def remove(database: sqlite_utils.Database) -> None:
            row = owned_project_row(database, principal, project_id)
            database.execute("DELETE FROM projects WHERE number = ?", (row["number"],))

        await self._database.write(remove)

    async def of(self, principal: Principal, conversation: Conversation) -> Project | None:
        """The project that a conversation of the caller's is in, if it is in one."""
        if conversation.project_id is None:
            return None
        sql = "SELECT * FROM projects WHERE id = ? AND user_id = ?"
        values = (conversation.project_id, principal.user_id)

        def select(database: sqlite_utils.Database) -> Project | None:
            return next(map(Project.from_row, database.query(sql, values)), None)

        return await self._database.read(select)


def model_of(conversation: Conversation, project: Project | None) -> str | None:
    """The id that a conversation names, else that of its project; None for the portal's default."""
    return conversation.model or (project.model if project else None)


def system_prompt_of(conversation: Conversation, project: Project | None) -> str:
    """What a turn tells the model: the project's instructions, then the conversation's prompt."""
    instructions = "" if project is None else project.instructions
    return "\n\n".join(filter(None, (instructions, conversation.system_prompt)))


def _columns(name: str | None, instructions: str | None, model: str | None) -> dict[str, Any]:
    """The columns of what is not None, checked."""
    columns: dict[str, Any] = {}
    if name is not None:
        line = " ".join(name.split())
        columns["name"] = check_text(line, param="name", min_chars=1, max_chars=MAX_NAME_CHARS)
    if instructions is not None:
        columns["instructions"] = check_text(
            instructions, param="instructions", max_chars=MAX_SYSTEM_PROMPT_CHARS
        )
    if model is not None:
        columns["model"] = check_text(model, param="model", max_chars=MAX_MODEL_CHARS) or None
    return columns
