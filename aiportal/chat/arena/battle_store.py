"""The rows of blind battles, and what becomes of one that is voted on."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import sqlite_utils

from aiportal.chat.arena.rating import Outcome, Tally
from aiportal.chat.conversation import title_from
from aiportal.chat.owned_rows import not_found
from aiportal.errors import Conflict
from aiportal.events import UsageReported
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text

__all__ = ["MAX_VOTES", "BattleEnd", "BattleStatus", "BattleStore", "Side"]

Side = Literal["a", "b"]
BattleStatus = Literal["running", "ended", "failed", "cancelled", "interrupted"]

MAX_OPEN = 50  # battles of one user that were not voted on: older ones go
DEAD_AFTER_S = 3600.0  # whose process was killed: no battle runs that long
MAX_VOTES = 10_000  # of the portal: the newest count, so that strengths take a second to fit

_SAVE = "UPDATE arena_battles SET answer_a = :a, answer_b = :b WHERE id = :id"
_END = """
UPDATE arena_battles SET status = :status, answer_a = :a, answer_b = :b, usage_a = :usage_a,
  usage_b = :usage_b WHERE id = :id
"""
# What was said is kept in the conversation from now on, and not twice.
_VOTE = """
UPDATE arena_battles SET outcome = :outcome, voted_at = :now, conversation_id = :conversation_id,
  question = '', answer_a = '', answer_b = '' WHERE id = :id
"""
_TRIM = """
DELETE FROM arena_battles WHERE outcome IS NULL AND user_id = :user_id
  AND (status <> 'running' OR created_at < :dead_before)
  AND id NOT IN (SELECT id FROM arena_battles WHERE user_id = :user_id AND outcome IS NULL
                 ORDER BY created_at DESC LIMIT :limit)
"""
_TALLY = """
SELECT model_a, model_b, outcome, count(*) FROM (
  SELECT model_a, model_b, outcome FROM arena_battles WHERE outcome IS NOT NULL
  ORDER BY voted_at DESC LIMIT ?
) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_VOTES = "SELECT count(*), max(voted_at) FROM arena_battles WHERE outcome IS NOT NULL"


@dataclass(frozen=True, slots=True)
class BattleEnd:
    """How a battle has ended, and with what."""

    status: Literal["ended", "failed", "cancelled"]
    texts: Mapping[Side, str]
    usages: Mapping[Side, UsageReported]


class BattleStore:
    """Internal to `Arena`. Rows are the caller's own; another's is NotFound."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, principal: Principal, battle_id: str, question: str, models: Mapping[Side, str]
    ) -> None:
        """Store one that starts; of those never voted on only the newest 50 are kept."""
        row = {
            "id": battle_id,
            "user_id": principal.user_id,
            "model_a": models["a"],
            "model_b": models["b"],
            "status": "running",
            "question": question,
            "created_at": now_text(),
        }

        def insert(database: sqlite_utils.Database) -> None:
            database.table("arena_battles").insert(row)
            values = {
                "user_id": principal.user_id,
                "limit": MAX_OPEN,
                "dead_before": now_text(plus_s=-DEAD_AFTER_S),
            }
            database.execute(_TRIM, values)

        await self._database.write(insert)

    async def save(self, battle_id: str, texts: Mapping[Side, str]) -> None:
        """Keep what has been written so far."""
        values = {"id": battle_id, "a": texts["a"], "b": texts["b"]}
        await self._database.write(lambda database: database.execute(_SAVE, values).rowcount)

    async def end(self, battle_id: str, end: BattleEnd) -> None:
        """Keep both answers and how it ended."""
        values = {
            "id": battle_id,
            "status": end.status,
            "a": end.texts["a"],
            "b": end.texts["b"],
            "usage_a": _json(end.usages.get("a")),
            "usage_b": _json(end.usages.get("b")),
        }
        await self._database.write(lambda database: database.execute(_END, values).rowcount)

    async def row(self, principal: Principal, battle_id: str) -> dict[str, Any]:
        """One battle. Raises NotFound."""
        return await self._database.read(lambda database: _owned(database, principal, battle_id))

    async def vote(self, principal: Principal, battle_id: str, outcome: Outcome) -> dict[str, Any]:
        """Count a vote, and keep question and answers as a conversation; the row after it.

        Raises NotFound; Conflict unless both answers are there and nothing was voted before.
        """

        def change(database: sqlite_utils.Database) -> dict[str, Any]:
            row = _owned(database, principal, battle_id)
            _check_open(row)
            now = now_text()
            values = {
                "id": battle_id,
                "outcome": outcome,
                "now": now,
                "conversation_id": _kept(database, row, now),
            }
            database.execute(_VOTE, values)
            return _owned(database, principal, battle_id)

        return await self._database.write(change)

    async def votes(self) -> tuple[int, str | None]:
        """How many there are on the portal, and when the newest was cast."""

        def select(database: sqlite_utils.Database) -> tuple[int, str | None]:
            count, newest = database.execute(_VOTES).fetchone()
            return int(count), newest

        return await self._database.read(select)

    async def tally(self) -> Tally:
        """The newest 10,000 votes of all users, counted."""

        def select(database: sqlite_utils.Database) -> Tally:
            rows = database.execute(_TALLY, (MAX_VOTES,)).fetchall()
            return {(row[0], row[1], row[2]): int(row[3]) for row in rows}

        return await self._database.read(select)


def _seen(row: Mapping[str, Any]) -> dict[str, Any]:
    is_dead = row["status"] == "running" and row["created_at"] < now_text(plus_s=-DEAD_AFTER_S)
    return {**row, "status": "interrupted"} if is_dead else dict(row)


def _json(usage: UsageReported | None) -> str | None:
    return None if usage is None else json.dumps(asdict(usage))


def _owned(database: sqlite_utils.Database, principal: Principal, battle_id: str) -> dict[str, Any]:
    sql = "SELECT * FROM arena_battles WHERE id = ? AND user_id = ?"
    for row in database.query(sql, (battle_id, principal.user_id)):
        return _seen(row)
    raise not_found("battle", battle_id, param=None)


def _check_open(row: Mapping[str, Any]) -> None:
    if row["outcome"] is not None:
        raise Conflict("You have voted on this battle. A vote stands.", code="already_voted")
    if row["status"] == "running":
        raise Conflict(
            "Not both answers are there yet. Read them to their ends, then vote.",
            code="battle_running",
        )
    if row["status"] != "ended":
        raise Conflict(
            "This battle does not count, because an answer failed or was stopped. Ask again.",
            code="battle_failed",
        )


def _kept(database: sqlite_utils.Database, row: Mapping[str, Any], now: str) -> str:
    """A conversation with the question and both answers, none of them chosen yet; its id."""
    conversation_id, question_id, comparison_id = new_id("conv"), new_id("msg"), new_id("cmp")
    conversation = {
        "id": conversation_id,
        "user_id": row["user_id"],
        "title": title_from(row["question"]),
        "leaf_id": question_id,
        "created_at": now,
        "updated_at": now,
    }
    common = {"conversation_id": conversation_id, "status": "done", "created_at": now}
    question = {"id": question_id, "role": "user", "content": row["question"], **common}
    database.table("conversations").insert(conversation)
    database.table("messages").insert(question)
    for side in ("a", "b"):
        usage = row[f"usage_{side}"]
        answer = {
            "id": new_id("msg"),
            "parent_id": question_id,
            "role": "assistant",
            "content": row[f"answer_{side}"],
            "model": row[f"model_{side}"],
            "usage": usage,
            "cost_usd": None if usage is None else json.loads(usage)["cost_usd"],
            "comparison_id": comparison_id,
            **common,
        }
        database.table("messages").insert(answer)
    return conversation_id
