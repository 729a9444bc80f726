"""Processes that stay between calls."""

import asyncio
from typing import Any

import pytest

from aiportal.errors import RateLimited
from aiportal.sandbox import Sandbox
from aiportal.sandbox.sandbox import SESSION_ENDED
from aiportal.sandbox.sessions import MAX_CALLS_OF_AN_OWNER
from tests.unit.sandbox.conftest import Run, call_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

COUNTS = """
    import pathlib, threading, time
    count, ticks = 0, 0
    def tick():
        global ticks
        while True:
            ticks += 1
            time.sleep(0.001)
    def run(parameters):
        global count
        count += 1
        if parameters == "tick": threading.Thread(target=tick, daemon=True).start()
        if parameters == "ticks": return ticks
        if parameters == "raise": raise ValueError("no")
        if parameters == "hang":
            while True: pass
        if parameters == "write": pathlib.Path(f"file{count}").write_text("x")
        print(f"call {count}")
        return count
"""


async def results(run: Run, session: str, *parameters: Any, **options: Any) -> list[Any]:
    """Of one call after another."""
    return [(await run(COUNTS, one, session=session, **options)).result for one in parameters]


async def test_variables_stay(run: Run) -> None:
    assert await results(run, "stay", None, None, None) == [1, 2, 3]


async def test_output_belongs_to_its_call(run: Run) -> None:
    outputs = [(await run(COUNTS, session="output")).stdout for _ in range(2)]
    assert outputs == ["call 1\n", "call 2\n"]


async def test_an_exception_ends_no_session(run: Run) -> None:
    assert await results(run, "raise", None, "raise", None) == [1, None, 3]


async def test_a_limit_ends_the_session(run: Run) -> None:
    assert await results(run, "limit", None, "hang", None, wall_s=0.5) == [1, None, 1]


async def test_a_failure_that_ends_the_session_says_what_is_lost(run: Run) -> None:
    in_session = (await run(COUNTS, "hang", session="told", wall_s=0.5)).failure
    alone = (await run(COUNTS, "hang", wall_s=0.5)).failure
    harmless = (await run(COUNTS, "raise", session="told")).failure
    assert in_session is not None
    assert alone is not None
    assert harmless is not None
    assert in_session.type == alone.type == "timeout"
    assert in_session.message == f"{alone.message} {SESSION_ENDED}"
    assert harmless.message == "no"


async def test_only_new_files_come_back(run: Run) -> None:
    found = [
        [one.name for one in (await run(COUNTS, "write", session="files")).artifacts]
        for _ in range(2)
    ]
    assert found == [["file1"], ["file2"]]


async def test_nothing_runs_between_calls(run: Run) -> None:
    await results(run, "idle", "tick")
    first = (await run(COUNTS, "ticks", session="idle")).result
    await run("import time\ndef run(parameters): time.sleep(0.3)")
    second = (await run(COUNTS, "ticks", session="idle")).result
    assert second - first < 100


async def test_a_session_is_its_owner_s(run: Run) -> None:
    assert await results(run, "mine", None) == [1]
    assert await results(run, "mine", None, owner="bob") == [1]
    assert await results(run, "mine", None) == [2]


async def test_calls_of_one_session_come_one_after_another(run: Run) -> None:
    outcomes = await asyncio.gather(*(run(COUNTS, session="many") for _ in range(4)))
    assert sorted(one.result for one in outcomes) == [1, 2, 3, 4]


async def test_a_program_that_has_changed_begins_anew(run: Run) -> None:
    assert await results(run, "changed", None, None, None, owner="eva") == [1, 2, 3]
    changed = COUNTS.replace("count, ticks = 0, 0", "count, ticks = 10, 0")
    assert (await run(changed, session="changed", owner="eva")).result == 11
    assert await results(run, "changed", None, owner="eva") == [1]


async def test_only_so_many_calls_of_an_owner_s_sessions_wait(run: Run) -> None:
    calls = [run(COUNTS, session=f"queue{number % 2}", owner="dora") for number in range(40)]
    ended = await asyncio.gather(*calls, return_exceptions=True)
    refused = [one for one in ended if isinstance(one, RateLimited)]
    assert len(refused) == len(ended) - MAX_CALLS_OF_AN_OWNER
    assert await results(run, "queue0", None, owner="dora") == [MAX_CALLS_OF_AN_OWNER / 2 + 1]


async def test_a_session_is_ended_on_request(run: Run, sandbox: Sandbox) -> None:
    await results(run, "end", None)
    sandbox.end_session("ada", "end")
    sandbox.end_session("ada", "end")
    assert await results(run, "end", None) == [1]


async def test_one_at_work_is_ended_and_goes_on_for_those_who_wait(
    run: Run, sandbox: Sandbox
) -> None:
    await results(run, "busy", None)
    working = asyncio.create_task(sandbox.run(call_of(COUNTS, "hang", session="busy")))
    waiting = asyncio.create_task(sandbox.run(call_of(COUNTS, session="busy")))
    await asyncio.wait({working, waiting}, timeout=0.2)
    sandbox.end_session("ada", "busy")
    failure = (await working).failure
    assert failure is not None
    assert failure.type == "crashed"
    assert (await waiting).result == 1
    assert await results(run, "busy", None) == [2]


async def test_another_s_session_cannot_be_ended(run: Run, sandbox: Sandbox) -> None:
    await results(run, "private", None)
    sandbox.end_session("bob", "private")
    assert await results(run, "private", None) == [2]


async def test_the_oldest_session_makes_room(run: Run) -> None:
    for name in ("a", "b", "c", "d"):
        assert await results(run, name, None, owner="carol") == [1]
    assert await results(run, "d", None, owner="carol") == [2]
    assert await results(run, "a", None, owner="carol") == [1]


async def test_a_cancelled_call_ends_its_session(run: Run, sandbox: Sandbox) -> None:
    await results(run, "cancelled", None)
    task = asyncio.create_task(sandbox.run(call_of(COUNTS, "hang", session="cancelled")))
    done, _ = await asyncio.wait({task}, timeout=0.2)
    assert not done
    task.cancel()
    await asyncio.wait({task})
    assert await results(run, "cancelled", None) == [1]
