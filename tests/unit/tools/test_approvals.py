"""Calls that wait for a person."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aiportal.accounts import open_accounts
from aiportal.errors import Conflict, NotFound, PortalError, RequestTooLarge
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.tools import ToolOutcome, approvals
from aiportal.tools.approvals import Approvals
from aiportal.tools.call import ToolCall
from tests.unit.tools.tool_folders import BOB

CALL = ToolCall("echo", {"city": "Rome", "big": 10**30}, "api", {"a.bin": b"\0\xff"}, 500, "s")
FROM_MODEL = ToolCall("echo", {}, "web", {}, model_id="acme/fast")


class Runs:
    """What was run."""

    def __init__(self) -> None:
        self.calls: list[ToolCall] = []

    async def __call__(self, principal: Principal, call: ToolCall) -> ToolOutcome:
        self.calls.append(call)
        return ToolOutcome(call.tool_id, "ran", None, 1.0)


@pytest.fixture
def runs() -> Runs:
    return Runs()


@pytest.fixture
def waiting(database: Database, runs: Runs) -> Approvals:
    return Approvals(database, runs)


@pytest.fixture
async def ann(database: Database, settings: Settings) -> Principal:
    """Somebody with an account."""
    async with open_accounts(database, settings) as accounts:
        await accounts.users.ensure_admin()
        return await accounts.users.operator()


async def test_a_call_runs_once_when_its_owner_agrees(
    ann: Principal, waiting: Approvals, runs: Runs
) -> None:
    asked = await waiting.add(ann, CALL)
    assert [one.id for one in await waiting.list(ann)] == [asked.id]
    decided = await waiting.decide(ann, asked.id, approve=True)
    assert runs.calls == []
    assert (await decided.outcome()).result == "ran"
    assert runs.calls == [CALL]
    assert await waiting.list(ann) == []
    with pytest.raises(Conflict, match=r"decided already, .* Make the call anew"):
        await waiting.decide(ann, asked.id, approve=True)
    with pytest.raises(Conflict):
        await decided.outcome()


async def test_a_declined_call_never_runs(ann: Principal, waiting: Approvals, runs: Runs) -> None:
    asked = await waiting.add(ann, CALL)
    outcome = await (await waiting.decide(ann, asked.id, approve=False)).outcome()
    assert outcome.failure is not None
    assert (outcome.failure.type, runs.calls) == ("declined", [])


@pytest.mark.parametrize("call", [CALL, FROM_MODEL])
async def test_another_persons_is_not_there(
    ann: Principal, waiting: Approvals, call: ToolCall
) -> None:
    asked = await waiting.add(ann, call)
    with pytest.raises(NotFound):
        await waiting.decide(BOB, asked.id, approve=True)
    assert await waiting.list(BOB) == []
    assert [one.id for one in await waiting.list(ann)] == [asked.id]


async def test_what_was_acknowledged_outlasts_the_process(
    ann: Principal, database: Database, waiting: Approvals, runs: Runs
) -> None:
    asked = await waiting.add(ann, CALL)
    restarted = Approvals(database, runs)
    (found,) = await restarted.list(ann)
    assert (found.id, found.parameters) == (asked.id, CALL.parameters)
    await (await restarted.decide(ann, asked.id, approve=True)).outcome()
    assert runs.calls == [CALL]


async def test_a_turn_that_waits_runs_its_call_itself(
    ann: Principal, waiting: Approvals, runs: Runs
) -> None:
    asked = await waiting.add(ann, FROM_MODEL)
    turn = asyncio.create_task(asked.outcome())
    await asyncio.sleep(0)
    decided = await waiting.decide(ann, asked.id, approve=True)
    assert decided.is_awaited
    assert (await turn).result == "ran"
    assert runs.calls == [FROM_MODEL]


async def test_a_turn_that_is_cancelled_takes_its_question_back(
    ann: Principal, waiting: Approvals, runs: Runs
) -> None:
    asked = await waiting.add(ann, FROM_MODEL)
    turn = asyncio.create_task(asked.outcome())
    await asyncio.sleep(0)
    turn.cancel()
    await asyncio.wait([turn])
    assert await waiting.list(ann) == []
    with pytest.raises(Conflict):
        await waiting.decide(ann, asked.id, approve=True)
    assert runs.calls == []


@pytest.mark.parametrize("call", [CALL, FROM_MODEL])
async def test_nobodys_word_in_time_is_a_no(
    ann: Principal,
    waiting: Approvals,
    runs: Runs,
    call: ToolCall,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(approvals, "LIFE", timedelta(milliseconds=20))
    asked = await waiting.add(ann, call)
    outcome = await asked.outcome()
    assert outcome.failure is not None
    assert outcome.failure.type == "expired"
    assert datetime.now(UTC) >= asked.expires_at
    with pytest.raises(Conflict, match="has expired") as error:
        await waiting.decide(ann, asked.id, approve=True)
    assert error.value.code == "approval_expired"
    assert (await waiting.list(ann), runs.calls) == ([], [])


async def test_what_has_expired_takes_no_room(
    ann: Principal, database: Database, waiting: Approvals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approvals, "LIFE", timedelta(0))
    expired = await waiting.add(ann, CALL)
    monkeypatch.setattr(approvals, "LIFE", timedelta(minutes=10))
    asked = await waiting.add(ann, CALL)
    rows = await database.read(lambda opened: list(opened.query("SELECT * FROM tool_approvals")))
    assert {row["id"]: row["call"] is None for row in rows} == {expired.id: True, asked.id: False}
    with pytest.raises(Conflict, match="has expired"):
        await waiting.decide(ann, expired.id, approve=True)


@pytest.mark.parametrize("call", [CALL, FROM_MODEL])
async def test_each_user_has_so_many_waiting(
    ann: Principal, waiting: Approvals, call: ToolCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approvals, "MAX_PENDING", 2)
    first = await waiting.add(ann, call)
    await waiting.add(ann, call)
    with pytest.raises(Conflict) as error:
        await waiting.add(ann, call)
    assert error.value.code == "too_many_approvals"
    await waiting.decide(ann, first.id, approve=False)
    await waiting.add(ann, call)


async def test_a_call_that_is_kept_is_bounded(
    ann: Principal, waiting: Approvals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approvals, "MAX_KEPT_CHARS", 100)
    with pytest.raises(RequestTooLarge):
        await waiting.add(ann, CALL)
    assert await waiting.list(ann) == []


async def test_two_words_at_once_are_one(ann: Principal, waiting: Approvals, runs: Runs) -> None:
    asked = await waiting.add(ann, CALL)
    found: list[Any] = await asyncio.gather(
        *(waiting.decide(ann, asked.id, approve=True) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(one, PortalError) for one in found) == 4


async def test_the_log_tells_who_agreed_to_what_but_no_arguments(
    ann: Principal, waiting: Approvals, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="aiportal"):
        asked = await waiting.add(ann, CALL)
        await waiting.decide(ann, asked.id, approve=True)
    approved = next(one for one in caplog.records if "approved" in one.getMessage())
    told = vars(approved)
    assert (told["tool_id"], told["user_id"], told["approval_id"]) == (
        "echo",
        ann.user_id,
        asked.id,
    )
    assert "Rome" not in str([vars(record) for record in caplog.records])
