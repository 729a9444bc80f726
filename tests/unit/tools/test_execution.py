"""Calls from their arguments to their outcome, in the real sandbox of a portal."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from aiportal.settings import Settings
from aiportal.tools import Approval
from tests.contract.tool_cases import write_tools
from tests.running import AppServer, serving
from tests.unit.tools.tool_folders import config, write_tool
from tests.waiting import until


@pytest.fixture
async def server(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AppServer]:
    monkeypatch.setenv("TOLD_APP_ID", "XYZ/12")
    folder = await asyncio.to_thread(write_tools, tmp_path / "own-tools")
    security = {
        "allowNetworkAccess": True,
        "hosts": ["example.org"],
        "secrets": {"TOLD_APP_ID": {"query": "appid"}},
    }
    await asyncio.to_thread(write_tool, folder, config("tells", security=security))
    changed = settings.model_copy(update={"tools_dir": folder})
    async with serving(changed) as server:
        yield server


async def test_the_log_has_a_line_of_each_call_and_no_argument(
    server: AppServer, caplog: pytest.LogCaptureFixture
) -> None:
    operator = await server.portal.users.operator()
    with caplog.at_level(logging.INFO, logger="aiportal"):
        for tool_id in ("echo", "refuses"):
            arguments = {"city": "Timbuktu"} if tool_id == "echo" else {"a": "Timbuktu"}
            await server.portal.tools.execute(operator, tool_id, arguments, source="cli")
    lines = [vars(one) for one in caplog.records if one.getMessage() == "A tool was called"]
    assert [(one["tool_id"], one["outcome"]) for one in lines] == [
        ("echo", "done"),
        ("refuses", "tool_error"),
    ]
    assert {one["user_id"] for one in lines} == {operator.user_id}
    assert {one["source"] for one in lines} == {"cli"}
    assert "Timbuktu" not in str([vars(one) for one in caplog.records])


async def test_a_caller_who_hangs_up_ends_the_run(
    server: AppServer, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"{server.url}/v1/tools/hangs/execute"
    with caplog.at_level(logging.INFO, logger="aiportal"):
        async with aiohttp.ClientSession(headers=server.headers) as session:
            call = asyncio.create_task(session.post(url, json={"parameters": {}}))
            await until(lambda: server.portal.tools.running == 1)
            call.cancel()
            await asyncio.wait([call])
        await until(lambda: server.portal.tools.running == 0)
    line = next(vars(one) for one in caplog.records if one.getMessage() == "A tool was called")
    assert line["outcome"] == "cancelled"


async def test_what_was_changed_is_what_runs_next_and_tells_no_secret(server: AppServer) -> None:
    operator = await server.portal.users.operator()
    tools = server.portal.tools
    folder = server.portal.settings.tools_dir
    assert folder is not None
    controller = "def run(parameters):\n    return 'new'\n"
    await asyncio.to_thread(write_tool, folder, config("changed"), controller=controller)
    await tools.reload(operator)
    outcome = await tools.execute(operator, "changed", {}, source="cli")
    assert not isinstance(outcome, Approval)
    assert outcome.result == "new"
    told = await tools.execute(operator, "tells", {"XYZ/12": 1}, source="cli")
    assert not isinstance(told, Approval)
    assert told.result == {"[key]": 1}


async def test_models_are_offered_what_can_run(server: AppServer) -> None:
    operator = await server.portal.users.operator()
    offered = {one.id: one for one in server.portal.tools.offered(operator, "acme/fast")}
    assert {"switched-off", "needs-key"} & set(offered) == set()
    assert offered["asks-first"].needs_approval
    assert offered["echo"].function_name == "echo"
