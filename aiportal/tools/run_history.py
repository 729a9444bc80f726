"""The table of runs: each user's own, bounded in number and size, the oldest going first."""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlite_utils

from aiportal.errors import NotFound
from aiportal.principal import Principal
from aiportal.sandbox import Artifact
from aiportal.store import Database
from aiportal.timestamps import now_text
from aiportal.tools.outcome import ToolOutcome
from aiportal.tools.run_record import (
    RunArtifact,
    RunStatus,
    ToolRun,
    outcome_text,
    run_of,
)

__all__ = ["RunHistory"]

MAX_RUNS = 100  # of a user
MAX_BYTES = 32 * 1024**2  # of a user's runs together; the newest stays whatever it has

_INSERT = """
    INSERT INTO tool_runs
    (id, user_id, tool_id, status, parameters, files, size, created_at, deadline_at)
    VALUES (:id, :user_id, :tool_id, 'running', :parameters, :files, :size, :created_at, :deadline_at)
"""
_FIND = "SELECT * FROM tool_runs WHERE id = ? AND user_id = ?"
_MADE = """
    SELECT place, name, mime, length(data) AS size FROM tool_run_artifacts
    WHERE run_id = ? ORDER BY place
"""
_LIST = """
    SELECT id, tool_id, status, parameters, files, approval_id, NULL AS outcome, created_at, ended_at,
    deadline_at FROM tool_runs
    WHERE user_id = :user_id AND id < :before AND (:tool_id IS NULL OR tool_id = :tool_id)
    ORDER BY id DESC LIMIT :most
"""
_WAIT = "UPDATE tool_runs SET status = 'waiting', approval_id = ?, deadline_at = ? WHERE id = ?"
_END = """
    UPDATE tool_runs SET status = :status, outcome = :outcome, ended_at = :ended_at,
    size = size + :size WHERE id = :id
"""
_TRIM = """
    DELETE FROM tool_runs WHERE id IN (
      SELECT id FROM (
        SELECT id, row_number() OVER newest AS place, sum(size) OVER newest AS sum
        FROM tool_runs WHERE user_id = :user_id WINDOW newest AS (ORDER BY id DESC)
      ) WHERE place > :most_runs OR (place > 1 AND sum > :most_bytes)
    ) AND (
      status NOT IN ('running', 'waiting')
      OR (deadline_at < :now AND id NOT IN (SELECT value FROM json_each(:ongoing)))
    )
"""
_ARTIFACT = """
    SELECT a.name, a.mime, a.data FROM tool_run_artifacts a JOIN tool_runs r ON r.id = a.run_id
    WHERE a.run_id = ? AND a.place = ? AND r.user_id = ?
"""
_LATEST = "~"  # after every id


class RunHistory:
    """Every method sees only the caller's own; another's is NotFound, as if it were not there."""

    def __init__(self, database: Database, ongoing: Collection[str]) -> None:
        """ongoing: the ids of what this process runs now, which follows what begins and ends."""
        self._database = database
        self._ongoing = ongoing

    async def add(self, principal: Principal, run: ToolRun, *, deadline_at: str) -> None:
        """Keep one that begins now."""
        parameters = await asyncio.to_thread(json.dumps, run.parameters)
        row = {
            "id": run.id,
            "user_id": principal.user_id,
            "tool_id": run.tool_id,
            "parameters": parameters,
            "files": json.dumps([asdict(one) for one in run.files]),
            "size": len(parameters),
            "created_at": run.created_at,
            "deadline_at": deadline_at,
        }

        bounds = self._bounds(principal)

        def insert(database: sqlite_utils.Database) -> None:
            database.execute(_INSERT, row)
            database.execute(_TRIM, bounds)

        await self._database.write(insert)

    async def wait(self, run_id: str, approval_id: str, *, deadline_at: str) -> None:
        """It waits for an approval."""
        values = [approval_id, deadline_at, run_id]
        await self._database.write(lambda database: database.execute(_WAIT, values))

    async def end(
        self, principal: Principal, run_id: str, status: RunStatus, outcome: ToolOutcome | None
    ) -> None:
        """How it ended, with the files that it made. One that was deleted meanwhile stays deleted."""
        text = None if outcome is None else await asyncio.to_thread(outcome_text, outcome)
        made = () if outcome is None else outcome.artifacts
        rows = [
            {"run_id": run_id, "place": place, "name": one.name, "mime": one.mime, "data": one.data}
            for place, one in enumerate(made)
        ]
        values = {
            "id": run_id,
            "status": status,
            "outcome": text,
            "ended_at": now_text(),
            "size": len(text or "") + sum(len(one.data) for one in made),
        }

        bounds = self._bounds(principal)

        def update(database: sqlite_utils.Database) -> None:
            if database.execute(_END, values).rowcount:
                database.table("tool_run_artifacts").insert_all(rows)
                database.execute(_TRIM, bounds)

        await self._database.write(update)

    async def get(self, principal: Principal, run_id: str) -> ToolRun:
        """One of them, whole. Raises NotFound."""

        def select(database: sqlite_utils.Database) -> tuple[dict[str, Any], list[RunArtifact]]:
            row = next(iter(database.query(_FIND, [run_id, principal.user_id])), None)
            if row is None:
                raise _not_found(run_id)
            return row, [RunArtifact(**one) for one in database.query(_MADE, [run_id])]

        row, artifacts = await self._database.read(select)
        return await asyncio.to_thread(self._run_of, row, artifacts, now_text())

    async def list(
        self, principal: Principal, *, tool_id: str | None, limit: int, after: str | None
    ) -> Sequence[ToolRun]:
        """The newest first, without what came of them."""
        values = {
            "user_id": principal.user_id,
            "tool_id": tool_id,
            "before": after or _LATEST,
            "most": limit,
        }
        rows = await self._database.read(lambda database: list(database.query(_LIST, values)))
        now = now_text()
        return await asyncio.to_thread(lambda: [self._run_of(row, (), now) for row in rows])

    def _bounds(self, principal: Principal) -> dict[str, Any]:
        return {
            "user_id": principal.user_id,
            "most_runs": MAX_RUNS,
            "most_bytes": MAX_BYTES,
            "now": now_text(),
            "ongoing": json.dumps(list(self._ongoing)),
        }

    def _run_of(
        self, row: Mapping[str, Any], artifacts: Sequence[RunArtifact], now: str
    ) -> ToolRun:
        return run_of(row, artifacts, now=now, is_ongoing=row["id"] in self._ongoing)

    async def delete(self, principal: Principal, run_id: str | None = None) -> int:
        """One of them, or all for None; how many there were. Raises NotFound."""
        sql, values = "DELETE FROM tool_runs WHERE user_id = ?", [principal.user_id]
        if run_id is not None:
            sql, values = f"{sql} AND id = ?", [*values, run_id]
        count: int = await self._database.write(
            lambda database: database.execute(sql, values).rowcount
        )
        if run_id is not None and not count:
            raise _not_found(run_id)
        return count

    async def artifact(self, principal: Principal, run_id: str, place: int) -> Artifact:
        """A file that it made. Raises NotFound."""

        def select(database: sqlite_utils.Database) -> Artifact:
            found = database.execute(_ARTIFACT, (run_id, place, principal.user_id)).fetchone()
            if found is None:
                raise NotFound(
                    "There is no such file of a run. It was deleted, or the id is wrong."
                    " GET /v1/tool-runs lists your runs."
                )
            return Artifact(*found)

        return await self._database.read(select)


def _not_found(run_id: str) -> NotFound:
    return NotFound(f"There is no run {run_id[:100]!r}. GET /v1/tool-runs lists yours.")
