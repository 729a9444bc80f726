"""A program that is called again is compiled once; nothing else of it is any different."""

import pytest

from aiportal.sandbox import BARE, Outcome, Program, Sandbox, SandboxCall
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONTROLLER = b"""
import os
import helper
from inner import deep
def run(parameters):
    if parameters == "fail":
        helper.fail()
    return [os.path.exists(helper.__cached__), os.path.exists(deep.__cached__)]
"""
HELPER = b"def fail():\n    raise KeyError('here')\n"
FOLDER = {"controller.py": CONTROLLER, "helper.py": HELPER, "inner/deep.py": b"x = 1\n"}
SCRIPT = {"controller.py": b"import os, sys\nprint(len(os.listdir(sys.path[0])))\n"}
BROKEN = {"controller.py": b"def run(parameters):\n    retrun 1\n"}


async def called(sandbox: Sandbox, files: dict[str, bytes], parameters: object = None) -> Outcome:
    return await sandbox.run(SandboxCall(Program("t", files, BARE), parameters, "ada"))


async def test_a_program_that_is_called_again_is_compiled(sandbox: Sandbox) -> None:
    assert (await called(sandbox, FOLDER)).result == [False, False]

    async def is_compiled() -> bool:
        return bool((await called(sandbox, FOLDER)).result == [True, True])

    await until(is_compiled)
    failed = await called(sandbox, FOLDER, "fail")
    assert failed.failure is not None
    assert failed.failure.type == "KeyError"
    assert 'File "controller.py", line 7, in run' in failed.stderr
    assert 'File "helper.py", line 2, in fail' in failed.stderr
    assert "raise KeyError('here')" in failed.stderr


async def test_what_differs_by_a_byte_is_another_program(sandbox: Sandbox) -> None:
    for source in (b"def run(parameters): return 1", b"def run(parameters): return 2"):
        results = {(await called(sandbox, {"controller.py": source})).result for _ in range(5)}
        assert results == {int(source[-1:])}


async def test_a_script_stays_a_script(sandbox: Sandbox) -> None:
    plain = (await called(sandbox, SCRIPT)).result

    async def is_compiled() -> bool:
        return bool((await called(sandbox, SCRIPT)).result == plain + 1)

    await until(is_compiled)


async def test_a_program_that_cannot_be_compiled_is_told_each_time(sandbox: Sandbox) -> None:
    for _ in range(4):
        outcome = await called(sandbox, BROKEN)
        assert outcome.failure is not None
        assert outcome.failure.type == "SyntaxError"
