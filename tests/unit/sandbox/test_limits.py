"""What a program may use up."""

import asyncio

import pytest

from aiportal.sandbox import Failure
from tests.unit.sandbox.conftest import MEGABYTE, Run

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_time(run: Run) -> None:
    outcome = await run("def run(parameters):\n    while True: pass", wall_s=0.5)
    assert outcome.failure is not None
    assert outcome.failure.type == "timeout"
    assert 500 <= outcome.duration_ms < 10_000


async def test_time_of_a_program_that_catches_everything(run: Run) -> None:
    source = """
        import signal, time
        def run(parameters):
            for number in range(1, 32):
                try: signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError): pass
            while True:
                try: time.sleep(1)
                except BaseException: pass
    """
    outcome = await run(source, wall_s=0.5)
    assert outcome.failure is not None
    assert outcome.failure.type == "timeout"


async def test_what_was_printed_before_the_end_is_told(run: Run) -> None:
    source = "def run(parameters):\n    print('so far', flush=True)\n    while True: pass"
    assert (await run(source, wall_s=0.5)).stdout == "so far\n"


async def test_memory(run: Run) -> None:
    outcome = await run("def run(parameters): return len(bytearray(2**30))")
    assert outcome.failure is not None
    assert outcome.failure.type == "out_of_memory"


async def test_memory_in_small_pieces(run: Run) -> None:
    source = "def run(parameters):\n    kept = []\n    while True: kept.append(bytearray(2**20))"
    outcome = await run(source)
    assert outcome.failure is not None
    assert outcome.failure.type == "out_of_memory"


async def test_memory_that_is_allowed(run: Run) -> None:
    source = "def run(parameters): return len(bytearray(100 * 2**20))"
    assert (await run(source)).result == 100 * MEGABYTE


async def test_disk_in_one_file(run: Run) -> None:
    source = """
        def run(parameters):
            with open("large", "wb") as file:
                for _ in range(100): file.write(bytes(2**20))
    """
    outcome = await run(source)
    assert outcome.failure is not None
    assert outcome.failure.type in {"OSError", "disk_limit"}
    assert outcome.artifacts == ()


async def test_disk_in_many_files(run: Run) -> None:
    source = """
        def run(parameters):
            number = 0
            while True:
                number += 1
                with open(f"file{number}", "wb") as file: file.write(bytes(2**19))
    """
    outcome = await run(source)
    assert outcome.failure is not None
    assert outcome.failure.type in {"OSError", "disk_limit"}


async def test_the_number_of_files(run: Run) -> None:
    source = """
        def run(parameters):
            number = 0
            while True:
                number += 1
                open(f"file{number}", "wb").close()
    """
    outcome = await run(source)
    assert outcome.failure is not None
    assert outcome.failure.type in {"OSError", "disk_limit"}


async def test_output_keeps_its_beginning_and_its_end(run: Run) -> None:
    source = "def run(parameters):\n    print('first'); print('x' * 10**6); print('last')"
    outcome = await run(source)
    assert outcome.result is None
    assert outcome.is_truncated
    assert outcome.stdout.startswith("first\nxxx")
    assert outcome.stdout.endswith("xxx\nlast\n")
    assert "bytes left out" in outcome.stdout
    assert len(outcome.stdout) < 300_000


async def test_output_without_end(run: Run) -> None:
    outcome = await run("def run(parameters):\n    while True: print('x' * 10**6)")
    assert outcome.failure is not None
    assert outcome.failure.type == "output_limit"


async def test_a_result_that_is_too_large(run: Run) -> None:
    outcome = await run("def run(parameters): return 'x' * 9_000_000")
    assert outcome.failure is not None
    assert outcome.failure.type == "invalid_result"


async def test_no_fork(run: Run) -> None:
    outcome = await run("import os\ndef run(parameters): return os.fork()")
    assert outcome.failure is not None
    assert outcome.failure.type == "PermissionError"


@pytest.mark.parametrize(
    "action",
    [
        "os.execv('/bin/sh', ['sh'])",
        "os.posix_spawn('/bin/sh', ['sh'], {})",
        "os.system('true') and 1/0",
        "subprocess.run(['true'])",
        "multiprocessing.Process(target=print).start()",
        "ctypes.CDLL(None).vfork() < 0 and 1/0",
    ],
)
async def test_no_other_program(run: Run, action: str) -> None:
    source = f"""
        import ctypes, multiprocessing, os, subprocess
        def run(parameters):
            {action}
            return "ran"
    """
    assert (await run(source)).failure is not None


async def test_threads_are_allowed_but_not_without_end(run: Run) -> None:
    source = """
        import threading
        def run(parameters):
            stop = threading.Event()
            threading.stack_size(65536)
            count = 0
            try:
                for _ in range(20_000):
                    threading.Thread(target=stop.wait, daemon=True).start()
                    count += 1
            except (RuntimeError, MemoryError):
                pass
            return count
    """
    outcome = await run(source)
    if outcome.failure is None:
        assert 8 <= outcome.result <= 512
    else:
        assert outcome.failure.type == "thread_limit"


async def test_questions_without_reading_an_answer(run: Run) -> None:
    source = """
        import os, struct
        def run(parameters):
            header = b'{"op": "ask", "blobs": [2]}'
            while True: os.write(3, struct.pack("!II", len(header), 2) + header + b"{}")
    """
    outcome = await run(source)
    assert outcome.failure is not None
    assert outcome.failure.type == "invalid_result"


async def test_time_that_passes_while_the_portal_is_asked(run: Run) -> None:
    async def broker(operation: str, arguments: object) -> None:
        await asyncio.Event().wait()

    source = "import aiportal_tool\ndef run(parameters): aiportal_tool.ask('x')"
    outcome = await run(source, wall_s=0.5, broker=broker)
    assert outcome.failure == Failure("timeout", "The program did not end within its time.")


async def test_a_few_threads(run: Run) -> None:
    source = """
        from concurrent.futures import ThreadPoolExecutor
        def run(parameters):
            with ThreadPoolExecutor(32) as pool: return sum(pool.map(abs, range(-100, 0)))
    """
    assert (await run(source)).result == 5050


async def test_a_thread_that_goes_on_ends_with_the_call(run: Run) -> None:
    source = """
        import threading, time
        def forever():
            while True: time.sleep(0.01)
        def run(parameters):
            threading.Thread(target=forever).start()
            return "done"
    """
    assert (await run(source)).result == "done"


async def test_the_next_honest_call_works(run: Run) -> None:
    assert (await run("def run(parameters): return 1")).result == 1
