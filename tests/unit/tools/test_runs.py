"""Runs that go on by themselves, of a tool that asks first: nothing runs, so they last."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from aiportal.accounts import open_accounts
from aiportal.errors import Conflict, ToolNotFound
from aiportal.fetch import Fetcher
from aiportal.principal import Principal
from aiportal.sandbox import Sandbox
from aiportal.search import WebSearch
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.timestamps import from_text
from aiportal.tools import Approval, ToolRun, ToolRuns, Tools, open_tool_runs, open_tools
from aiportal.tools.runs import CANCELLED_IN_SESSION, MAX_OPEN, QUEUE_S
from tests.unit.tools.tool_folders import config, write_tool

WALL_S = 600


@pytest.fixture
async def ann(database: Database, settings: Settings) -> Principal:
    """Somebody with an account."""
    async with open_accounts(database, settings) as accounts:
        await accounts.users.ensure_admin()
        return await accounts.users.operator()


@pytest.fixture
async def tools(database: Database, settings: Settings) -> AsyncIterator[Tools]:
    folder = settings.data_dir / "own-tools"
    asks = config("asks", requiresApproval=True, maxExecutionTime=WALL_S * 1_000)
    await asyncio.to_thread(write_tool, folder, asks)
    changed = settings.model_copy(update={"tools_dir": folder, "sandbox": "off"})
    async with AsyncExitStack() as stack:
        fetcher = await stack.enter_async_context(Fetcher.open(()))
        sandbox = await stack.enter_async_context(Sandbox.open("off"))
        search = WebSearch.of(fetcher, {}, urls=())
        opening = open_tools(database, changed, sandbox, fetcher, search)
        yield await stack.enter_async_context(opening)


@pytest.fixture
async def runs(database: Database, tools: Tools) -> AsyncIterator[ToolRuns]:
    async with open_tool_runs(database, tools) as runs:
        yield runs


async def pass_deadlines(database: Database) -> None:
    await database.write(lambda one: one.execute("UPDATE tool_runs SET deadline_at = '2000'"))


async def waiting(runs: ToolRuns, ann: Principal) -> ToolRun:
    run = await runs.start(ann, "asks", {})
    while run.status == "running":
        run = await runs.get(ann, run.id, wait_s=1)
    return run


async def test_many_that_start_at_once_are_no_more_than_may_be_open(
    ann: Principal, runs: ToolRuns
) -> None:
    starting = (runs.start(ann, "asks", {}) for _ in range(4 * MAX_OPEN))
    found = await asyncio.gather(*starting, return_exceptions=True)
    refused = [one for one in found if isinstance(one, Conflict)]
    assert len(found) - len(refused) == MAX_OPEN
    assert {one.code for one in refused} == {"too_many_runs"}
    assert await runs.delete_all(ann) == MAX_OPEN
    await runs.start(ann, "asks", {})


async def test_what_does_not_begin_takes_no_place(ann: Principal, runs: ToolRuns) -> None:
    with pytest.raises(ToolNotFound):
        await runs.start(ann, "none", {})
    run = await waiting(runs, ann)
    assert run.approval_id is not None
    assert await runs.approve(ann, run.approval_id) is None  # the run itself waits for it
    while not (await runs.get(ann, run.id, wait_s=1)).is_over:
        pass
    starting = (runs.start(ann, "asks", {}) for _ in range(MAX_OPEN))
    found = await asyncio.gather(*starting, return_exceptions=True)
    assert [one for one in found if isinstance(one, BaseException)] == []


async def test_one_that_goes_on_is_not_interrupted_however_late_it_is(
    ann: Principal, runs: ToolRuns, database: Database
) -> None:
    run = await waiting(runs, ann)
    await pass_deadlines(database)
    assert (await runs.get(ann, run.id)).status == "waiting"
    assert [one.status for one in await runs.list(ann)] == ["waiting"]
    assert (await runs.cancel(ann, run.id)).status == "cancelled"
    assert (await runs.get(ann, run.id)).status == "cancelled"


async def test_one_of_a_session_that_is_cancelled_says_what_is_lost(
    ann: Principal, runs: ToolRuns
) -> None:
    for session, words in (("s", CANCELLED_IN_SESSION), (None, None)):
        run = await runs.start(ann, "asks", {}, session=session)
        while (await runs.get(ann, run.id, wait_s=1)).status == "running":
            pass
        ended = await runs.cancel(ann, run.id)
        failure = ended.outcome and ended.outcome.failure
        assert ended.status == "cancelled"
        assert (failure and failure.message) == words


async def test_an_approved_run_has_the_time_of_its_tool(
    ann: Principal, runs: ToolRuns, tools: Tools, database: Database
) -> None:
    asked = await tools.execute(ann, "asks", {}, source="api")
    assert isinstance(asked, Approval)
    run = await runs.approve(ann, asked.id)
    assert run is not None
    (deadline,) = await database.read(
        lambda one: one.execute("SELECT deadline_at FROM tool_runs").fetchone()
    )
    assert from_text(deadline) - from_text(run.created_at) >= timedelta(seconds=WALL_S + QUEUE_S)
