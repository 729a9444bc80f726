"""Calls that wait for a person: kept for ten minutes, decided once, by nobody but their owner."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlite_utils

from aiportal.errors import Conflict, NotFound, RequestTooLarge
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.sandbox import Failure
from aiportal.store import Database
from aiportal.timestamps import from_text, to_text
from aiportal.tools.call import ToolCall
from aiportal.tools.outcome import ToolOutcome

__all__ = ["Approval", "Approvals"]

LIFE = timedelta(minutes=10)
DECLINED = "The call was declined, so it did not run. Ask its owner why before it is made again."
KEPT_AFTER = timedelta(days=1)  # so long one that was decided can be told from one that never was
MAX_PENDING = 20  # of one user
MAX_KEPT_CHARS = 12 * 1024**2  # of one call, its files included
_log = logging.getLogger(__name__)
Run = Callable[[Principal, ToolCall], Awaitable[ToolOutcome]]

_INSERT = """
    INSERT INTO tool_approvals (id, user_id, tool_id, call, status, created_at, expires_at)
    VALUES (:id, :user_id, :tool_id, :call, 'pending', :created_at, :expires_at)
"""
_COUNT = """
    SELECT count(*) FROM tool_approvals
    WHERE user_id = ? AND status = 'pending' AND expires_at > ?
"""
_LIST = """
    SELECT id, call, expires_at FROM tool_approvals
    WHERE user_id = ? AND status = 'pending' AND expires_at > ? ORDER BY id
"""
_EMPTY = """
    UPDATE tool_approvals SET call = NULL
    WHERE status = 'pending' AND call IS NOT NULL AND expires_at <= ?
"""
_FIND = "SELECT * FROM tool_approvals WHERE id = ? AND user_id = ?"
_DECIDE = "UPDATE tool_approvals SET status = ?, call = NULL WHERE id = ?"


class Approval:
    """A call that runs as soon as a person agrees. `parameters`: what it would be called with."""

    def __init__(
        self, approval_id: str, principal: Principal, call: ToolCall, expires_at: datetime, run: Run
    ) -> None:
        self.id = approval_id
        self.tool_id = call.tool_id
        self.parameters = call.parameters
        self.expires_at = expires_at
        self.user_id = principal.user_id
        self.call = call
        self._principal = principal
        self._run = run
        self._decision: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.is_awaited = False

    @property
    def is_open(self) -> bool:
        """Whether it can be decided still."""
        return not self._decision.done() and datetime.now(UTC) < self.expires_at

    def settle(self, *, is_approved: bool) -> None:
        """Tell whoever waits; a second time has no effect."""
        if not self._decision.done():
            self._decision.set_result(is_approved)

    async def outcome(self) -> ToolOutcome:
        """Wait for the person, then run the call; to be asked for once.

        The failures `declined` and `expired` say that it did not run. Whoever is cancelled while
        they wait takes the question back. Raises Conflict for a second time, and what running raises.
        """
        if self.is_awaited:
            raise Conflict(
                "The outcome of this call is waited for already, and a call runs once. Take it from"
                " whoever waits, or make the call anew."
            )
        self.is_awaited = True
        try:
            left = (self.expires_at - datetime.now(UTC)).total_seconds()
            async with asyncio.timeout(max(left, 0)):
                is_approved = await self._decision
        except TimeoutError:
            words = "Nobody has agreed to this call in time, so it did not run. Ask again."
            return self._failed("expired", words)
        if not is_approved:
            return self._failed("declined", DECLINED)
        return await self._run(self._principal, self.call)

    def _failed(self, kind: str, words: str) -> ToolOutcome:
        return ToolOutcome(self.tool_id, None, Failure(kind, words), 0.0)


class Approvals:
    """Those of a portal. A call that a model has made lives as long as its turn, so in memory alone;
    every other one is in the database before it is acknowledged.
    """

    def __init__(self, database: Database, run: Run) -> None:
        self._database = database
        self._run = run
        self._open: dict[str, Approval] = {}

    async def add(self, principal: Principal, call: ToolCall) -> Approval:
        """Ask. Raises Conflict for one too many of a user, RequestTooLarge."""
        self._open = {key: one for key, one in self._open.items() if one.is_open}
        own = sum(one.user_id == principal.user_id for one in self._open.values())
        if own >= MAX_PENDING:
            raise _too_many()
        now = datetime.now(UTC)
        approval = Approval(new_id("approval"), principal, call, now + LIFE, self._run)
        if call.model_id is None:
            await self._store(approval, now)
        self._open[approval.id] = approval
        _log.info("A tool call waits for approval", extra=_about(principal, approval))
        return approval

    async def list(self, principal: Principal) -> Sequence[Approval]:
        """Those of the caller that wait, the oldest first."""
        now = to_text(datetime.now(UTC))
        rows = await self._database.read(
            lambda database: list(database.query(_LIST, [principal.user_id, now]))
        )
        found = {
            approval.id: approval
            for approval in self._open.values()
            if approval.user_id == principal.user_id and approval.is_open
        }
        for row in rows:
            if row["id"] not in found:
                found[row["id"]] = self._restored(principal, row)
        return [found[key] for key in sorted(found)]

    async def decide(self, principal: Principal, approval_id: str, *, approve: bool) -> Approval:
        """Agree or decline. Who waits for its outcome runs it; if nobody does (`is_awaited`), the
        caller has to.

        Raises NotFound, also for another's; Conflict for one that is decided or has expired.
        """
        approval = self._open.get(approval_id)
        if approval is not None and approval.user_id != principal.user_id:
            raise _not_found()
        if approval is None or approval.call.model_id is None:
            stored = await self._decide_stored(principal, approval_id, is_approved=approve)
            is_waited_for = approval is not None and approval.is_awaited and approval.is_open
            approval = approval if approval is not None and is_waited_for else stored
        elif not approval.is_open:
            raise _closed("expired" if datetime.now(UTC) >= approval.expires_at else "decided")
        self._open.pop(approval_id, None)
        approval.settle(is_approved=approve)
        verdict = "approved" if approve else "declined"
        _log.info("A tool call was %s", verdict, extra=_about(principal, approval))
        return approval

    async def _store(self, approval: Approval, now: datetime) -> None:
        text = await asyncio.to_thread(approval.call.to_text)
        if len(text) > MAX_KEPT_CHARS:
            raise RequestTooLarge(
                f"A call that waits for approval may have {MAX_KEPT_CHARS} characters in all, its"
                f" files in base64 included; this one has {len(text)}. Send smaller files or arguments."
            )
        row = {
            "id": approval.id,
            "user_id": approval.user_id,
            "tool_id": approval.tool_id,
            "call": text,
            "created_at": to_text(now),
            "expires_at": to_text(approval.expires_at),
        }

        def insert(database: sqlite_utils.Database) -> None:
            gone = to_text(now - KEPT_AFTER)
            database.execute("DELETE FROM tool_approvals WHERE expires_at < ?", [gone])
            database.execute(_EMPTY, [row["created_at"]])
            counted = [row["user_id"], row["created_at"]]
            if database.execute(_COUNT, counted).fetchone()[0] >= MAX_PENDING:
                raise _too_many()
            database.execute(_INSERT, row)

        await self._database.write(insert)

    async def _decide_stored(
        self, principal: Principal, approval_id: str, *, is_approved: bool
    ) -> Approval:
        def decide(database: sqlite_utils.Database) -> Mapping[str, Any]:
            row = next(iter(database.query(_FIND, [approval_id, principal.user_id])), None)
            if row is None:
                raise _not_found()
            if row["status"] != "pending":
                raise _closed("decided")
            if row["expires_at"] <= to_text(datetime.now(UTC)):
                raise _closed("expired")
            database.execute(_DECIDE, ["approved" if is_approved else "declined", approval_id])
            return row

        return self._restored(principal, await self._database.write(decide))

    def _restored(self, principal: Principal, row: Mapping[str, Any]) -> Approval:
        call = ToolCall.from_text(row["call"])
        return Approval(row["id"], principal, call, from_text(row["expires_at"]), self._run)


def _about(principal: Principal, approval: Approval) -> dict[str, str]:
    return {
        "approval_id": approval.id,
        "tool_id": approval.tool_id,
        "user_id": principal.user_id,
    }


def _too_many() -> Conflict:
    words = f"{MAX_PENDING} of your calls wait for approval already. Decide on one of them first."
    return Conflict(words, code="too_many_approvals")


def _not_found() -> NotFound:
    return NotFound(
        "You have no such approval: its id is wrong, or it is long over. GET /v1/tools/approvals"
        " lists those that wait."
    )


def _closed(how: str) -> Conflict:
    if how == "expired":
        words = "The approval has expired, and the call did not run. Ask for it anew."
        return Conflict(words, code="approval_expired")
    words = (
        "This approval has been decided already, and that counts once. Make the call anew to be asked"
        " again."
    )
    return Conflict(words, code="approval_decided")
