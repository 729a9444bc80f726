"""One row for every call for which an upstream was asked, failed and cancelled ones too."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

import sqlite_utils

from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import InvalidRequest
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text, to_text

__all__ = ["Door", "Entry", "GroupBy", "Ledger", "UsageGroup", "UsageRow"]

Door = Literal["api", "web", "notebook", "cli", "mcp"]
GroupBy = Literal["model", "day", "key", "user", "endpoint"]
MAX_ROWS = 10_000  # of one read; `pages` goes through any number

_GROUP_COLUMNS: dict[GroupBy, str] = {
    "model": "model",
    "day": "substr(created_at, 1, 10)",
    "key": "key_id",
    "user": "user_id",
    "endpoint": "endpoint",
}


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One call. Times in milliseconds, cost in USD; `estimated` where the upstream sent no usage."""

    request_id: str
    created_at: str
    user_id: str
    key_id: str | None
    endpoint: str
    source: str
    run_id: str | None
    model: str
    deployment: str
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    estimated: bool
    cost_usd: float
    ttft_ms: float | None
    latency_ms: float
    status: int
    error_code: str | None


_COLUMNS = tuple(field.name for field in fields(UsageRow))
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM usage"


@dataclass(frozen=True, slots=True)
class UsageGroup:
    """Totals of the rows that share `value`."""

    value: str | None
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a call before its upstream is asked; `Ledger.record` adds how it went."""

    request_id: str
    user_id: str
    key_id: str | None
    endpoint: str
    source: Door
    run_id: str | None = None


class Ledger:
    """Writes rows through the database's group commit and reads them back, each caller their own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(
        self,
        entry: Entry,
        usage: TokenUsage,
        *,
        model: str,
        deployment: str,
        is_estimated: bool,
        cost_usd: float,
        ttft_ms: float | None,
        latency_ms: float,
        status: int,
        error_code: str | None,
    ) -> None:
        """Commit the row of one call; returns when it is durable. Raises DatabaseUnavailable."""
        values = (
            entry.request_id,
            now_text(),
            entry.user_id,
            entry.key_id,
            entry.endpoint,
            entry.source,
            entry.run_id,
            model,
            deployment,
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.cached_tokens,
            usage.reasoning_tokens,
            is_estimated,
            cost_usd,
            ttft_ms,
            latency_ms,
            status,
            error_code,
        )
        await self._database.append("usage", _COLUMNS, values)

    async def rows(
        self,
        principal: Principal,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        after: str | None = None,
        limit: int = MAX_ROWS,
    ) -> Sequence[UsageRow]:
        """Rows oldest first, at most `limit`, from the one after request id `after`.

        An administrator sees all, others their own. `since` is within, `until` without.
        """
        where, values = _where(principal, since, until)
        if after is not None:
            where += " AND request_id > :after"
            values["after"] = after
        values["limit"] = min(limit, MAX_ROWS)

        def select(database: sqlite_utils.Database) -> list[UsageRow]:
            sql = f"{_SELECT} WHERE {where} ORDER BY request_id LIMIT :limit"
            return list(_rows(database, sql, values))

        return await self._database.read(select)

    async def pages(
        self,
        principal: Principal,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        rows: int = MAX_ROWS,
    ) -> AsyncIterator[Sequence[UsageRow]]:
        """All rows, oldest first, `rows` at a time."""
        after = None
        while page := await self.rows(principal, since=since, until=until, after=after, limit=rows):
            yield page
            after = page[-1].request_id

    async def totals(
        self,
        principal: Principal,
        *,
        group_by: GroupBy,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[UsageGroup]:
        """Sums by model, day (UTC), key, user or endpoint, in the order of that value."""
        if group_by not in _GROUP_COLUMNS:
            raise InvalidRequest(
                f"`group_by` is one of {', '.join(_GROUP_COLUMNS)}.", param="group_by"
            )
        where, values = _where(principal, since, until)
        sql = (
            f"SELECT {_GROUP_COLUMNS[group_by]} AS value, count(*), sum(prompt_tokens), "
            "sum(completion_tokens), sum(cached_tokens), sum(reasoning_tokens), sum(cost_usd) "
            f"FROM usage WHERE {where} GROUP BY 1 ORDER BY 1"
        )

        def select(database: sqlite_utils.Database) -> list[UsageGroup]:
            return [UsageGroup(*row) for row in database.execute(sql, values).fetchall()]

        return await self._database.read(select)

    async def spent_usd(self, principal: Principal, *, since: datetime) -> float:
        """What this caller's own calls have cost since then."""

        def select(database: sqlite_utils.Database) -> float:
            sql = (
                "SELECT coalesce(sum(cost_usd), 0) FROM usage WHERE user_id = ? AND created_at >= ?"
            )
            return float(database.execute(sql, (principal.user_id, to_text(since))).fetchone()[0])

        return await self._database.read(select)


def _where(
    principal: Principal, since: datetime | None, until: datetime | None
) -> tuple[str, dict[str, Any]]:
    clauses, values = ["1 = 1"], dict[str, Any]()
    if not principal.is_admin:
        clauses.append("user_id = :user_id")
        values["user_id"] = principal.user_id
    if since is not None:
        clauses.append("created_at >= :since")
        values["since"] = to_text(since)
    if until is not None:
        clauses.append("created_at < :until")
        values["until"] = to_text(until)
    return " AND ".join(clauses), values


def _rows(database: sqlite_utils.Database, sql: str, values: dict[str, Any]) -> Iterator[UsageRow]:
    for row in database.query(sql, values):
        yield UsageRow(**{**row, "estimated": bool(row["estimated"])})
