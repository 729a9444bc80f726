"""Shares: a branch of a conversation as it stood, which other users of the portal may read.

Who has a share's id may read it, if they are signed in; so ids come from the system's own source of
chance. What is said in the conversation later does not come into a share.
"""

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlite_utils

from aiportal.chat.attached import attached_line
from aiportal.chat.conversation import Conversation
from aiportal.chat.conversations import message_tree
from aiportal.chat.imports import ForeignConversation, ForeignMessage, insert_conversation
from aiportal.chat.messages import Failure
from aiportal.chat.owned_rows import owned_row
from aiportal.chat.passages import Passage, branch_to
from aiportal.chat.tree import shown_leaf_id
from aiportal.errors import Conflict, InvalidRequest, NotFound, RequestTooLarge
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text, to_text

__all__ = ["Share", "SharedBranch", "Shares"]

MAX_SHARES: Final = 100  # of one conversation
MAX_SHARE_CHARS: Final = 16_000_000
MAX_DAYS: Final = 3_650
ID_BYTES: Final = 24

_COLUMNS: Final = "id, conversation_id, title, created_at, expires_at"
_OF_CONVERSATION: Final = f"""
SELECT {_COLUMNS} FROM shares
WHERE conversation_id = ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY created_at DESC, id
"""
# A reader needs no right on the conversation, but it has to be there still.
_READ: Final = """
SELECT s.*, coalesce(nullif(u.name, ''), u.username) AS shared_by
FROM shares s JOIN conversations c ON c.id = s.conversation_id JOIN users u ON u.id = c.user_id
WHERE c.deleted_at IS NULL AND s.id = ? AND (s.expires_at IS NULL OR s.expires_at > ?)
"""
_REVOKE: Final = """
DELETE FROM shares WHERE id = ?
  AND conversation_id IN (SELECT id FROM conversations WHERE user_id = ?)
"""


@dataclass(frozen=True, slots=True)
class Share:
    """What its owner sees of it. expires_at: None for never."""

    id: str
    conversation_id: str
    title: str
    created_at: str
    expires_at: str | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Share":
        """Build one from a row of the table `shares`."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class SharedBranch:
    """What a reader sees. shared_by: the owner's name."""

    id: str
    title: str
    shared_by: str
    created_at: str
    expires_at: str | None
    passages: Sequence[Passage]


class Shares:
    """Whoever is signed in may read a share whose id they have; all else is the owner's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        leaf_id: str | None = None,
        expires_days: int | None = None,
    ) -> Share:
        """Share the branch that ends with `leaf_id`, else that last looked at, as it is now.

        The system prompt stays the owner's. expires_days: 1 to 3,650, None for no end.
        Raises NotFound, InvalidRequest; Conflict while the answer is being written, or with too
        many shares; RequestTooLarge for a branch of more than 16,000,000 characters.
        """
        expires_at = _expiry(expires_days)

        def select(database: sqlite_utils.Database) -> tuple[str, Sequence[Passage]]:
            row = owned_row(database, principal, conversation_id)
            leaf = leaf_id or shown_leaf_id(database, row)
            branch = branch_to(message_tree(database, row), leaf)
            return Conversation.from_row(row).title, [Passage.of(message) for message in branch]

        title, passages = await self._database.read(select)
        _check(passages)
        share = Share(
            id=f"share_{secrets.token_hex(ID_BYTES)}",
            conversation_id=conversation_id,
            title=title,
            created_at=now_text(),
            expires_at=expires_at,
        )
        encoded = await asyncio.to_thread(_encoded, passages)

        def insert(database: sqlite_utils.Database) -> Share:
            owned_row(database, principal, conversation_id)
            database.execute("DELETE FROM shares WHERE expires_at <= ?", (share.created_at,))
            _check_room(database, conversation_id)
            database.table("shares").insert(asdict(share) | {"passages": encoded})
            return share

        return await self._database.write(insert)

    async def list(self, principal: Principal, conversation_id: str) -> Sequence[Share]:
        """Those of one's own conversation, the newest first. Raises NotFound."""

        def select(database: sqlite_utils.Database) -> Sequence[Share]:
            owned_row(database, principal, conversation_id)
            rows = database.query(_OF_CONVERSATION, (conversation_id, now_text()))
            return [Share.from_row(row) for row in rows]

        return await self._database.read(select)

    async def read(self, principal: Principal, share_id: str) -> SharedBranch:  # noqa: ARG002
        """Anybody's share. Raises NotFound for one that was revoked, has expired or never was."""

        def select(database: sqlite_utils.Database) -> SharedBranch:
            for row in database.query(_READ, (share_id, now_text())):
                return SharedBranch(
                    id=row["id"],
                    title=row["title"],
                    shared_by=row["shared_by"],
                    created_at=row["created_at"],
                    expires_at=row["expires_at"],
                    passages=[Passage(**passage) for passage in json.loads(row["passages"])],
                )
            raise _not_found(share_id)

        return await self._database.read(select)

    async def revoke(self, principal: Principal, share_id: str) -> None:
        """End a share of one's own at once. Raises NotFound, also for another's."""

        def delete(database: sqlite_utils.Database) -> None:
            if not database.execute(_REVOKE, (share_id, principal.user_id)).rowcount:
                raise _not_found(share_id)

        await self._database.write(delete)

    async def copy(self, principal: Principal, share_id: str) -> str:
        """A conversation of the caller's own with what the share says; its id. Raises NotFound."""
        shared = await self.read(principal, share_id)
        now = now_text()
        copied = ForeignConversation(
            source="aiportal",
            foreign_id=share_id,
            title=shared.title,
            messages=_chained(shared.passages),
            created_at=now,
            updated_at=now,
        )
        return await self._database.write(
            lambda database: insert_conversation(database, principal, copied)
        )


def _expiry(days: int | None) -> str | None:
    if days is None:
        return None
    if not 1 <= days <= MAX_DAYS:
        raise InvalidRequest(
            f"`expires_days` is 1 to {MAX_DAYS:,}, not {days}.", param="expires_days"
        )
    return to_text(datetime.now(UTC) + timedelta(days=days))


def _check(passages: Sequence[Passage]) -> None:
    if not passages:
        raise InvalidRequest("There is nothing to share in this conversation yet. Ask something.")
    if any(passage.status == "running" for passage in passages):
        raise Conflict(
            "The answer is still being written. Wait for its end or cancel it, then share.",
            code="turn_running",
        )
    chars = sum(len(passage.content) + len(passage.reasoning) for passage in passages)
    if chars > MAX_SHARE_CHARS:
        raise RequestTooLarge(
            f"The branch has {chars:,} characters; at most {MAX_SHARE_CHARS:,} can be shared. "
            "Export it instead."
        )


def _check_room(database: sqlite_utils.Database, conversation_id: str) -> None:
    sql = "SELECT count(*) FROM shares WHERE conversation_id = ?"
    if database.execute(sql, (conversation_id,)).fetchone()[0] >= MAX_SHARES:
        raise Conflict(
            f"This conversation has {MAX_SHARES} shares. Revoke some of them.",
            code="too_many_shares",
        )


def _encoded(passages: Sequence[Passage]) -> str:
    return json.dumps([asdict(passage) for passage in passages], ensure_ascii=False)


def _chained(passages: Sequence[Passage]) -> Sequence[ForeignMessage]:
    """Passages as messages, each following the one before."""
    return [
        ForeignMessage(
            id=str(number),
            parent_id=str(number - 1) if number else None,
            role=passage.role,
            content="\n\n".join(
                filter(None, (attached_line(passage.attachments), passage.content))
            ),
            reasoning=passage.reasoning,
            model=passage.model,
            status=passage.status,
            error=None
            if passage.problem is None
            else Failure(passage.problem, code=None, type="api_error"),
            created_at=passage.created_at,
        )
        for number, passage in enumerate(passages)
    ]


def _not_found(share_id: str) -> NotFound:
    return NotFound(
        f"There is no share {share_id!r}. It was revoked, has expired, or the address is wrong."
    )
