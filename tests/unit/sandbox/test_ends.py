"""Whatever happens to a call, to a zygote or to the portal: nothing of it stays."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

import aiportal
from aiportal.sandbox import Sandbox, SandboxMode
from tests.unit.sandbox.conftest import call_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

HANGS = "def run(parameters):\n    open('x', 'w').write('x')\n    while True: pass"
SLEEPS = "import time\ndef run(parameters): time.sleep(600)"
HONEST = "def run(parameters): return 1"


@pytest_asyncio.fixture(loop_scope="module")
async def own(mode: SandboxMode) -> AsyncIterator[Sandbox]:
    """A sandbox that a test may break."""
    async with Sandbox.open(mode, workers=8) as opened:
        await opened.ready()
        yield opened


def below(process: int) -> set[int]:
    """Everything that descends from a process."""
    with suppress(psutil.NoSuchProcess):
        return {child.pid for child in psutil.Process(process).children(recursive=True)}
    return set()


def zygotes() -> set[int]:
    """Of this process, warm or at work."""
    return {one for one in below(os.getpid()) if _is_zygote(one)}


def _is_zygote(process: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return "from box.zygote" in " ".join(psutil.Process(process).cmdline())
    return False


def folders() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("aiportal-box-*"))


async def until(count: int) -> None:
    """Wait until so many processes of the sandbox are left."""
    async with asyncio.timeout(20):
        while len(zygotes()) != count:
            await asyncio.sleep(0)


async def test_a_cancelled_call_leaves_nothing(own: Sandbox) -> None:
    idle, on_disk = len(zygotes()), len(folders())
    calls = [asyncio.create_task(own.run(call_of(HANGS))) for _ in range(8)]
    await until(idle + 16)
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    await until(idle)
    assert all(call.cancelled() for call in calls)
    assert len(folders()) == on_disk


async def test_a_zygote_that_dies_is_replaced(own: Sandbox) -> None:
    before = zygotes()
    for process in before:
        os.kill(process, signal.SIGKILL)
    outcome = await own.run(call_of(HONEST))
    assert outcome.result == 1
    assert not zygotes() & before


async def test_a_zygote_that_hangs_is_replaced(own: Sandbox) -> None:
    (before,) = zygotes()
    os.kill(before, signal.SIGSTOP)
    outcome = await own.run(call_of(HONEST, wall_s=0.2))
    assert outcome.failure is not None
    assert outcome.failure.type == "timeout"
    assert (await own.run(call_of(HONEST))).result == 1
    assert before not in zygotes()


async def test_the_end_of_the_sandbox_is_the_end_of_its_calls(mode: SandboxMode) -> None:
    before, on_disk = len(zygotes()), len(folders())
    async with Sandbox.open(mode, workers=2) as sandbox:
        await sandbox.run(call_of(HONEST, session="kept"))
        assert len(zygotes()) > before
    await until(before)
    assert len(folders()) == on_disk


async def test_a_portal_that_is_killed_leaves_nothing(mode: SandboxMode) -> None:
    on_disk = len(folders())
    with subprocess.Popen(
        [sys.executable, "-c", PORTAL, mode],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(Path(aiportal.__file__).parents[1])},
    ) as portal:
        assert portal.stdout is not None
        assert portal.stdout.readline() == b"ready\n"
        family = below(portal.pid)
        assert len(family) >= 5
        portal.kill()
    gone, alive = await asyncio.to_thread(psutil.wait_procs, _processes(family), timeout=20)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
    assert len(folders()) == on_disk


def _processes(numbers: set[int]) -> list[psutil.Process]:
    found = []
    for number in numbers:
        with suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(number))
    return found


PORTAL = """
import asyncio, sys
from aiportal.sandbox import BARE, Program, Sandbox, SandboxCall

async def main():
    async with Sandbox.open(sys.argv[1], workers=4) as sandbox:
        await sandbox.ready()
        source = b"import aiportal_tool\\ndef run(p):\\n aiportal_tool.ask('here')\\n while 1: pass"
        here = asyncio.Semaphore(0)
        async def broker(operation, arguments):
            here.release()
        calls = [
            asyncio.create_task(sandbox.run(SandboxCall(
                Program("t", {"controller.py": source}, BARE), None, "ada",
                broker=broker, session=session,
            )))
            for session in (None, "kept")
        ]
        for _ in calls:
            await here.acquire()
        print("ready", flush=True)
        await asyncio.gather(*calls)

asyncio.run(main())
"""
