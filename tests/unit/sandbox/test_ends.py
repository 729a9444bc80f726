"""Whatever happens to a call, to a zygote or to the portal: nothing of it stays."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress

import pytest
import pytest_asyncio

from aiportal.sandbox import Sandbox, SandboxMode, conversation
from tests.unit.sandbox.conftest import call_of
from tests.unit.sandbox.traces import folders, folders_of_calls, zygotes
from tests.waiting import until

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


async def only(count: int) -> None:
    """Wait until so many processes of the sandbox are left."""
    await until(lambda: len(zygotes()) == count)


def _signal(processes: Iterable[int], number: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):  # some of the self-test's may just end
            os.kill(process, number)


async def test_a_cancelled_call_leaves_nothing(own: Sandbox) -> None:
    before, on_disk = zygotes(), len(folders_of_calls())  # some of the self-test's may just end
    calls = [asyncio.create_task(own.run(call_of(HANGS))) for _ in range(8)]
    await until(lambda: len(zygotes() - before) >= 16)
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    # The supervisor and the process of the next call wait; those that waited before were taken.
    await until(lambda: len(zygotes() - before) == 2)
    assert all(call.cancelled() for call in calls)
    assert len(folders_of_calls()) == on_disk


async def test_a_zygote_that_dies_is_replaced(own: Sandbox) -> None:
    before = zygotes()
    _signal(before, signal.SIGKILL)
    outcome = await own.run(call_of(HONEST))
    assert outcome.result == 1
    assert not zygotes() & before


async def test_a_zygote_that_hangs_is_replaced(
    own: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "READY_S", 0.5)
    before = zygotes()
    _signal(before, signal.SIGSTOP)
    assert (await own.run(call_of(HONEST))).result == 1
    assert not zygotes() & before


async def test_a_supervisor_that_hangs_ends_with_its_time(own: Sandbox) -> None:
    idle = zygotes()
    call = asyncio.create_task(own.run(call_of(SLEEPS, wall_s=1)))
    await until(lambda: len(zygotes()) > len(idle))
    _signal(zygotes() - idle, signal.SIGSTOP)
    outcome = await call
    assert outcome.failure is not None
    assert outcome.failure.type == "timeout"
    assert (await own.run(call_of(HONEST))).result == 1


async def test_the_end_of_the_sandbox_is_the_end_of_its_calls(mode: SandboxMode) -> None:
    before, on_disk = len(zygotes()), len(folders())
    async with Sandbox.open(mode, workers=2) as sandbox:
        await sandbox.run(call_of(HONEST, session="kept"))
        assert len(zygotes()) > before
    await only(before)
    assert len(folders()) == on_disk
