"""A portal that is killed takes all of its sandbox with it."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

import aiportal
from aiportal.sandbox import SandboxMode
from tests.unit.sandbox.traces import below, folders


def test_a_portal_that_is_killed_leaves_nothing(mode: SandboxMode) -> None:
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
    _, alive = psutil.wait_procs(_processes(family), timeout=20)
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
