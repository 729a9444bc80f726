"""Runs that are kept: each user's own, bounded, without what was in the files that were sent."""

from typing import Any

import pytest

from aiportal.accounts import open_accounts
from aiportal.errors import NotFound
from aiportal.principal import Principal
from aiportal.sandbox import Artifact, Failure
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.timestamps import now_text
from aiportal.tools import RunFile, ToolOutcome, ToolRun, run_history
from aiportal.tools.run_history import RunHistory
from tests.unit.tools.tool_folders import BOB

DONE = ToolOutcome(
    "echo",
    {"n": 2**100},
    None,
    1.5,
    stdout="out",
    stderr="err",
    is_truncated=True,
    artifacts=(Artifact("a.txt", "text/plain", b"\0\xff"),),
)


def run(number: int = 1, **fields: Any) -> ToolRun:
    files = (RunFile("in.csv", 5),)
    values: dict[str, Any] = {"parameters": {"city": "Rome"}, "files": files} | fields
    return ToolRun(f"run_{number:04d}", "echo", "running", created_at=now_text(), **values)


@pytest.fixture
def history(database: Database) -> RunHistory:
    return RunHistory(database, ())


@pytest.fixture
async def ann(database: Database, settings: Settings) -> Principal:
    """Somebody with an account."""
    async with open_accounts(database, settings) as accounts:
        await accounts.users.ensure_admin()
        return await accounts.users.operator()


async def keep(history: RunHistory, owner: Principal, kept: ToolRun, outcome: ToolOutcome) -> None:
    await history.add(owner, kept, deadline_at=now_text(plus_s=60))
    await history.end(owner, kept.id, "done", outcome)


async def test_a_run_is_kept_with_what_came_of_it(ann: Principal, history: RunHistory) -> None:
    await history.add(ann, run(), deadline_at=now_text(plus_s=60))
    assert (await history.get(ann, "run_0001")).status == "running"
    await history.end(ann, "run_0001", "done", DONE)
    found = await history.get(ann, "run_0001")
    assert found.outcome is not None
    assert (found.status, found.is_over, found.files) == ("done", True, (RunFile("in.csv", 5),))
    assert (found.outcome.result, found.outcome.stderr) == ({"n": 2**100}, "err")
    assert [(one.name, one.size) for one in found.artifacts] == [("a.txt", 2)]
    assert (await history.artifact(ann, "run_0001", 0)).data == b"\0\xff"
    (listed,) = await history.list(ann, tool_id="echo", limit=10, after=None)
    assert (listed.status, listed.outcome) == ("done", None)
    assert await history.list(ann, tool_id="other", limit=10, after=None) == []


async def test_a_failure_is_kept_in_its_words(ann: Principal, history: RunHistory) -> None:
    failed = ToolOutcome("echo", None, Failure("timeout", "Too long."), 1.0)
    await keep(history, ann, run(), failed)
    found = (await history.get(ann, "run_0001")).outcome
    assert found == failed


async def test_another_persons_run_is_not_there(ann: Principal, history: RunHistory) -> None:
    await keep(history, ann, run(), DONE)
    for asked in (
        history.get(BOB, "run_0001"),
        history.artifact(BOB, "run_0001", 0),
        history.delete(BOB, "run_0001"),
    ):
        with pytest.raises(NotFound):
            await asked
    assert await history.list(BOB, tool_id=None, limit=10, after=None) == []
    assert await history.delete(BOB) == 0
    assert (await history.get(ann, "run_0001")).status == "done"


async def test_what_is_deleted_takes_its_files_along(
    ann: Principal, history: RunHistory, database: Database
) -> None:
    for number in (1, 2):
        await keep(history, ann, run(number), DONE)
    await history.delete(ann, "run_0001")
    assert await history.delete(ann) == 1
    left = await database.read(lambda one: one.table("tool_run_artifacts").count)
    assert left == 0
    await history.end(ann, "run_0001", "done", DONE)  # it was deleted while it ran
    assert await database.read(lambda one: one.table("tool_run_artifacts").count) == 0


async def test_the_oldest_go_by_number_and_by_size(ann: Principal, history: RunHistory) -> None:
    for number in range(run_history.MAX_RUNS + 3):
        await keep(history, ann, run(number), ToolOutcome("echo", None, None, 1.0))
    kept = await history.list(ann, tool_id=None, limit=500, after=None)
    assert (len(kept), kept[-1].id) == (run_history.MAX_RUNS, "run_0003")
    large = Artifact("a.bin", "x", bytes(run_history.MAX_BYTES // 2 + 1))
    for number in (200, 201):
        await keep(history, ann, run(number), ToolOutcome("echo", 1, None, 1.0, artifacts=(large,)))
    assert [one.id for one in await history.list(ann, tool_id=None, limit=9, after=None)] == [
        "run_0201"
    ]


async def test_one_that_ended_with_its_portal_is_told_so(
    ann: Principal, history: RunHistory
) -> None:
    await history.add(ann, run(), deadline_at=now_text(plus_s=-1))
    assert (await history.get(ann, "run_0001")).status == "interrupted"


async def test_those_that_ended_with_their_portal_go_as_well(
    ann: Principal, database: Database
) -> None:
    history = RunHistory(database, ["run_0000"])
    for number in range(run_history.MAX_RUNS + 3):
        await history.add(ann, run(number), deadline_at=now_text(plus_s=-1))
    await history.add(ann, run(500), deadline_at=now_text(plus_s=60))
    kept = await history.list(ann, tool_id=None, limit=500, after=None)
    assert [one.id for one in kept[-2:]] == ["run_0004", "run_0000"]
    assert [one.status for one in kept[-2:]] == ["interrupted", "running"]
    assert len(kept) == run_history.MAX_RUNS + 1


async def test_pages_follow_each_other(ann: Principal, history: RunHistory) -> None:
    for number in range(5):
        await history.add(ann, run(number), deadline_at=now_text(plus_s=60))
    first = await history.list(ann, tool_id=None, limit=2, after=None)
    rest = await history.list(ann, tool_id=None, limit=9, after=first[-1].id)
    assert [one.id[-1] for one in (*first, *rest)] == list("43210")
