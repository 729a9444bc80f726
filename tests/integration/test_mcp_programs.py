"""MCP servers that are programs of this machine: kept in, kept short, ended with the portal."""

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import mcp
import psutil
import pytest
import pytest_asyncio

from aiportal.errors import PortalError
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.tools import ToolOutcome
from tests.confinement import PACKAGES, everybodys_python
from tests.processes import ROOT
from tests.running import AppServer, PortalProcess, make_key, serving
from tests.waiting import until

CLIENT = mcp.Client  # imported now: beside pytest at work Python 3.11.7 fails in a thread
pytestmark = pytest.mark.asyncio(loop_scope="module")
PYTHON = everybodys_python()
FORBIDDEN = ("file", "folder", "environ", "port", "udp", "signal")
PROGRAM = """
import json, os, socket, subprocess, sys, time

def say(message):
    sys.stdout.write(json.dumps(message) + "\\n")
    sys.stdout.flush()

def attempt(action):
    try:
        return str(action())
    except OSError as error:
        return type(error).__name__

def answer(name, arguments):
    if name == "look":
        return {
            "environment": sorted(os.environ),
            "uid": os.getuid(),
            "file": attempt(lambda: open(arguments["file"]).read()),
            "folder": attempt(lambda: os.listdir(os.path.dirname(arguments["file"]))),
            "environ": attempt(lambda: open(f"/proc/{arguments['process']}/environ").read()),
            "port": attempt(lambda: socket.create_connection(("127.0.0.1", arguments["port"]), 2)),
            "udp": attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
            "signal": attempt(lambda: os.kill(arguments["process"], 0)),
            "own": attempt(lambda: open("own.txt", "w").write("work")),
            "here": os.getcwd(),
        }
    if name == "fork":
        child = subprocess.Popen(["/bin/sh", "-c", "setsid sleep 1000 & wait"])
        return {"process": os.getpid(), "child": child.pid}
    if name == "flood":
        for _ in range(100_000):
            parameters = {"level": "info", "data": "x"}
            say({"jsonrpc": "2.0", "method": "notifications/message", "params": parameters})
    if name == "long":
        sys.stdout.write("x" * 6_000_000)
        sys.stdout.flush()
    if name == "rubbish":
        sys.stdout.write("rubbish\\n{}\\n[]\\n\\xff\\n")
        sys.stdout.flush()
    if name == "die":
        sys.stderr.write("I die")
        os._exit(3)
    return {}

NAMES = ("look", "fork", "flood", "long", "rubbish", "die")
for line in sys.stdin:
    message = json.loads(line)
    method, number = message["method"], message.get("id")
    if number is None:
        continue
    if method == "initialize":
        about = {"name": "x", "version": "1"}
        result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": about}
    elif method == "tools/list":
        result = {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in NAMES]}
    elif method == "tools/call":
        found = answer(message["params"]["name"], message["params"].get("arguments") or {})
        result = {"content": [], "structuredContent": found}
    else:
        say({"jsonrpc": "2.0", "id": number, "error": {"code": -32601, "message": "no"}})
        continue
    say({"jsonrpc": "2.0", "id": number, "result": result})
"""


@dataclass
class Rig:
    server: AppServer
    operator: Principal
    folder: Path
    entry: dict[str, Any]

    async def configure(self, **servers: Any) -> None:
        content = {"hotReload": False, "mcpServers": servers}
        await asyncio.to_thread((self.folder / "config.json").write_text, json.dumps(content))
        await self.server.portal.tools.reload(self.operator)
        await self.server.portal.tools.list(self.operator)

    async def call(self, tool_id: str, **parameters: Any) -> Any:
        found = await self.server.portal.tools.execute(
            self.operator, tool_id, parameters, source="api"
        )
        assert isinstance(found, ToolOutcome)
        assert found.failure is None, found.failure
        return found.result

    def problems(self) -> str:
        return " ".join(map(str, self.server.portal.tools.problems_for(self.operator)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig() -> AsyncIterator[Rig]:
    with tempfile.TemporaryDirectory(prefix="open-to-all-") as name:
        folder = Path(name)
        await asyncio.to_thread(_lay_out, folder)
        settings = Settings(
            port=0, data_dir=folder / "data", tools_dir=folder / "tools", local_model="off"
        )
        entry = {"command": PYTHON, "args": ["-c", PROGRAM], "env": {"OWN": "1"}}
        async with serving(settings) as server:
            operator = await server.portal.users.operator()
            yield Rig(server, operator, folder / "tools", entry)


def _lay_out(folder: Path) -> None:
    """Everybody on this machine might read the file, if nothing else kept them from it."""
    folder.chmod(0o755)
    (folder / "tools").mkdir()
    (folder / "given").mkdir()
    (folder / "given").chmod(0o755)
    (folder / "given" / "secret.txt").write_text("nobody may read this")
    (folder / "given" / "secret.txt").chmod(0o644)


async def test_a_program_has_nothing_but_what_it_was_given(rig: Rig) -> None:
    await rig.configure(local=rig.entry)
    parameters = {
        "file": str(rig.folder.parent / "given" / "secret.txt"),
        "port": int(rig.server.url.rpartition(":")[2]),
        "process": os.getpid(),
    }
    seen = await rig.call("local__look", **parameters)
    assert set(seen["environment"]) <= {
        *("HOME", "LANG", "LC_CTYPE", "OWN", "PATH", "PYTHONDONTWRITEBYTECODE", "PWD", "TMPDIR")
    }
    assert seen["uid"] != 0
    assert [seen[key] for key in FORBIDDEN] == ["PermissionError"] * len(FORBIDDEN)
    assert seen["own"] == "4"
    assert await asyncio.to_thread(Path(seen["here"]).exists)
    await rig.configure()
    assert not await asyncio.to_thread(Path(seen["here"]).exists)
    await rig.configure(
        local={**rig.entry, "folders": [str(rig.folder.parent / "given")], "network": True}
    )
    seen = await rig.call("local__look", **parameters)
    assert seen["file"] == "nobody may read this"
    assert "socket" in seen["port"]


@pytest.mark.parametrize("folder", ["..", "../data", "../data/secrets", "../tools/../data"])
async def test_no_program_is_given_the_portals_own_data(rig: Rig, folder: str) -> None:
    await rig.configure(local={**rig.entry, "folders": [f"{rig.folder}/{folder}"]})
    assert "where the portal's own data is" in rig.problems()


async def test_nothing_of_a_program_outlives_it(rig: Rig) -> None:
    await rig.configure(local=rig.entry)
    started = await rig.call("local__fork")
    program = psutil.Process(started["process"])
    await until(lambda: len(program.children(recursive=True)) >= 2)
    family = program.children(recursive=True)
    await rig.configure()
    await until(lambda: not any(one.is_running() for one in family))
    assert not psutil.pid_exists(started["process"])


@pytest.mark.parametrize("what", ["flood", "long", "rubbish", "die"])
async def test_a_program_that_misbehaves_is_started_again(rig: Rig, what: str) -> None:
    await rig.configure(local={**rig.entry, "timeout": 2_000}, other=rig.entry)
    call = asyncio.ensure_future(rig.call(f"local__{what}"))
    assert (await rig.call("other__look", file="/none/x", port=1, process=1))["uid"] != 0
    await asyncio.wait([call])
    assert what == "rubbish" or isinstance(call.exception(), PortalError)

    async def works() -> bool:
        try:
            return bool(await rig.call("local__look", file="/none/x", port=1, process=1))
        except PortalError:
            return False

    await until(works)


async def test_what_cannot_be_started_is_said(rig: Rig) -> None:
    await rig.configure(
        none={"command": "/usr/bin/no-such-program"},
        ends={"command": PYTHON, "args": ["-c", "import sys; sys.exit('no licence')"]},
    )
    assert "none" in rig.problems()
    assert "FileNotFoundError" in rig.problems()
    assert "no licence" in rig.problems()


async def test_a_killed_portal_takes_its_programs_with_it(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    entry = {"command": PYTHON, "args": ["-c", PROGRAM]}
    config = {"mcpServers": {"local": entry}}
    (tmp_path / "tools" / "config.json").write_text(json.dumps(config))
    settings = Settings(data_dir=tmp_path / "data", tools_dir=tmp_path / "tools", local_model="off")
    key = await make_key(settings)
    with await asyncio.to_thread(PortalProcess, settings, key=key, has_pages=False) as process:
        url = f"{process.url}/v1/tools/local__fork/execute"
        async with (
            aiohttp.ClientSession(headers=process.headers) as session,
            session.post(url, json={}) as answer,
        ):
            started = (await answer.json())["result"]
        program = psutil.Process(started["process"])
        await until(lambda: len(program.children(recursive=True)) >= 2)
        family = [program.parent(), program, *program.children(recursive=True)]
        process.kill()
        await until(lambda: not any(one is not None and one.is_running() for one in family))


async def test_a_server_of_the_sdk_is_spoken_to(rig: Rig) -> None:
    entry = {
        "command": PYTHON,
        "args": ["-m", "tests.upstreams.mcp_servers"],
        "env": {"PYTHONPATH": f"{ROOT}:{PACKAGES}"},
        "folders": [PACKAGES, str(ROOT)],
    }
    await rig.configure(sdk=entry)

    async def is_there() -> bool:
        tools = await rig.server.portal.tools.list(rig.operator)
        return any(status.tool.id == "sdk__add" and status.is_usable for status in tools)

    await until(is_there)
    assert await rig.call("sdk__add", a=1, b=2) == {"sum": 3}
