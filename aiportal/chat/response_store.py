"""Rows of stored responses: each of one owner, each going on from another or from none."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlite_utils

from aiportal.dialects import tool_json
from aiportal.errors import InvalidRequest
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text

__all__ = ["RETENTION_DAYS", "Chain", "ResponseStore", "StoredResponse", "encoded"]

RETENTION_DAYS = 30  # as at OpenAI
_SWEEP_EVERY_S = 60
_SWEPT_AT_ONCE = 500  # a sweep holds up other writes
_DAY_S = 86_400

_INSERT = """
INSERT INTO responses
  (id, user_id, chain_id, previous_id, created_at, input, response, size_bytes)
VALUES
  (:id, :user_id, :chain_id, :previous_id, :created_at, :input, :response, :size_bytes)
ON CONFLICT (id) DO NOTHING
"""
_SELECT = "SELECT * FROM responses WHERE id = :id AND user_id = :user_id"
_DELETE = "DELETE FROM responses WHERE id = :id AND user_id = :user_id"
_CHAIN = """
WITH RECURSIVE chain (number, previous_id, step, total) AS (
  SELECT number, previous_id, 0, size_bytes FROM responses WHERE id = :id AND user_id = :user_id
  UNION ALL
  SELECT r.number, r.previous_id, chain.step + 1, chain.total + r.size_bytes
  FROM chain JOIN responses r ON r.id = chain.previous_id AND r.user_id = :user_id
  WHERE chain.total <= :max_bytes
  LIMIT :limit
)
SELECT r.*, chain.total FROM chain JOIN responses r USING (number) ORDER BY chain.step DESC
"""
# A conversation that still goes on is kept as a whole.
_SWEEP = """
DELETE FROM responses WHERE number IN (
  SELECT number FROM responses old WHERE created_at < :before AND NOT EXISTS (
    SELECT 1 FROM responses later
    WHERE later.chain_id = old.chain_id AND later.created_at >= :before
  ) LIMIT :limit
)
"""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """input: its own input items. resource: OpenAI's Response object."""

    id: str
    chain_id: str
    previous_id: str | None
    input: Sequence[dict[str, Any]]
    resource: Mapping[str, Any]

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "StoredResponse":
        return cls(
            row["id"],
            row["chain_id"],
            row["previous_id"],
            orjson.loads(row["input"]),
            tool_json.loads(row["response"]),
        )


@dataclass(frozen=True, slots=True)
class Chain:
    """A response and those before it, the first one first.

    is_whole: it goes back to its beginning. is_too_long: it was not followed all the way.
    """

    responses: Sequence[StoredResponse]
    is_whole: bool
    is_too_long: bool


class ResponseStore:
    """What an owner has asked for and not deleted, for `RETENTION_DAYS` after the last of its chain.

    Old ones go when others are stored, some at a time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._swept_at = float("-inf")

    async def save(self, principal: Principal, response: StoredResponse) -> None:
        """Keep a response; returns once it is committed. What is kept of an id first, stays."""
        resource = tool_json.dumps(response.resource).decode()
        texts = {"input": encoded(response.input), "response": resource}
        row = {
            "id": response.id,
            "user_id": principal.user_id,
            "chain_id": response.chain_id,
            "previous_id": response.previous_id,
            "created_at": now_text(),
            "size_bytes": sum(len(text.encode()) for text in texts.values()),
            **texts,
        }
        is_sweeping = time.monotonic() - self._swept_at > _SWEEP_EVERY_S
        if is_sweeping:
            self._swept_at = time.monotonic()

        def insert(database: sqlite_utils.Database) -> None:
            if is_sweeping:
                before = now_text(plus_s=-RETENTION_DAYS * _DAY_S)
                database.execute(_SWEEP, {"before": before, "limit": _SWEPT_AT_ONCE})
            database.execute(_INSERT, row)

        await self._database.write(insert)

    async def find(self, principal: Principal, response_id: str) -> StoredResponse | None:
        """One of the caller's own."""
        values = {"id": response_id, "user_id": principal.user_id}

        def select(database: sqlite_utils.Database) -> StoredResponse | None:
            for row in database.query(_SELECT, values):
                return StoredResponse.from_row(row)
            return None

        return await self._database.read(select)

    async def delete(self, principal: Principal, response_id: str) -> bool:
        """False if there was none."""
        values = {"id": response_id, "user_id": principal.user_id}

        def remove(database: sqlite_utils.Database) -> bool:
            return database.execute(_DELETE, values).rowcount > 0

        return await self._database.write(remove)

    async def chain(
        self, principal: Principal, response_id: str, *, max_responses: int, max_bytes: int
    ) -> Chain:
        """The response with those that it goes on from, as far as the bounds allow."""
        values = {
            "id": response_id,
            "user_id": principal.user_id,
            "max_bytes": max_bytes,
            "limit": max_responses + 1,
        }

        def select(database: sqlite_utils.Database) -> Chain:
            rows = list(database.query(_CHAIN, values))
            is_too_long = len(rows) > max_responses or (bool(rows) and rows[0]["total"] > max_bytes)
            responses = [] if is_too_long else [StoredResponse.from_row(row) for row in rows]
            is_whole = bool(rows) and rows[0]["previous_id"] is None
            return Chain(responses, is_whole, is_too_long)

        return await self._database.read(select)


def encoded(value: object) -> str:
    """JSON for a column. Raises InvalidRequest for what a caller has nested too deeply."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError as error:
        raise InvalidRequest(
            "The request is nested too deeply: some 250 levels are taken."
        ) from error
