"""Honest calls: parameters in, a result and what came beside it out."""

import json

import pytest

from aiportal.errors import InvalidRequest, ServiceUnavailable
from aiportal.sandbox import DATA, Failure, Program, Sandbox, SandboxCall
from tests.unit.sandbox.conftest import Run, call_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_controller_answers(run: Run) -> None:
    outcome = await run("def run(parameters): return parameters['a'] * 7", {"a": 6})
    assert (outcome.status, outcome.result) == ("done", 42)
    assert (outcome.stdout, outcome.stderr, outcome.is_truncated) == ("", "", False)
    assert outcome.duration_ms > 0


async def test_a_script_reads_standard_input_and_prints_its_result(run: Run) -> None:
    source = """
        import json, sys
        print("working")
        print(json.dumps({"got": json.load(sys.stdin)}))
    """
    outcome = await run(source, {"a": 1})
    assert outcome.result == {"got": {"a": 1}}
    assert outcome.stdout == "working"


async def test_a_script_may_print_its_result_on_many_lines(run: Run) -> None:
    outcome = await run("import json; print(json.dumps({'a': [1]}, indent=2))")
    assert (outcome.result, outcome.stdout) == ({"a": [1]}, "")


async def test_a_script_gets_parameters_of_any_size(run: Run) -> None:
    source = "import sys; print(len(sys.stdin.read()))"
    assert (await run(source, "x" * 300_000)).result == 300_002


async def test_an_asynchronous_controller_answers(run: Run) -> None:
    source = """
        import asyncio
        async def run(parameters):
            await asyncio.sleep(0)
            return "done"
    """
    assert (await run(source)).result == "done"


async def test_what_is_printed_is_kept_apart_from_the_result(run: Run) -> None:
    source = """
        import sys
        def run(parameters):
            print("to out")
            print("to err", file=sys.stderr)
    """
    outcome = await run(source)
    assert (outcome.result, outcome.stdout, outcome.stderr) == (None, "to out\n", "to err\n")


async def test_a_forged_report_on_standard_output_is_only_text(run: Run) -> None:
    forged = json.dumps({"op": "result", "blobs": [1]})
    source = f"import os\ndef run(parameters):\n    os.write(1, {forged.encode()!r})\n    return 1"
    outcome = await run(source)
    assert (outcome.result, outcome.stdout) == (1, forged)


async def test_a_script_that_forges_a_report_gives_what_it_printed(run: Run) -> None:
    source = """
        import os
        for number in range(3, 9):
            try: os.write(number, b"\\x00\\x00\\x00\\x02\\x00\\x00\\x00\\x00{}")
            except OSError: pass
        print(5)
    """
    assert (await run(source)).failure is not None


async def test_an_exception_is_told_with_the_lines_of_the_tool_alone(run: Run) -> None:
    source = """
        import json
        def run(parameters):
            return json.loads("{")
    """
    outcome = await run(source)
    assert outcome.failure is not None
    assert outcome.failure.type == "JSONDecodeError"
    assert outcome.failure.message.startswith("Expecting property name")
    assert 'File "controller.py", line 4, in run\n    return json.loads("{")' in outcome.stderr
    assert "decoder.py" not in outcome.stderr


async def test_a_syntax_error_is_told(run: Run) -> None:
    outcome = await run("def run(parameters) return 1")
    assert outcome.failure is not None
    assert outcome.failure.type == "SyntaxError"


async def test_a_script_that_exits_with_a_code_has_failed(run: Run) -> None:
    outcome = await run("import sys; print(1); sys.exit(3)")
    assert outcome.failure == Failure("exit", "The program ended with code 3.")


async def test_a_script_that_exits_with_nothing_has_not_failed(run: Run) -> None:
    assert (await run("import sys; print(1); sys.exit()")).result == 1


async def test_a_program_that_vanishes_has_failed(run: Run) -> None:
    outcome = await run("import os\ndef run(parameters): os._exit(3)")
    assert outcome.failure is not None
    assert outcome.failure.type == "exit"


async def test_a_program_that_crashes_has_failed(run: Run) -> None:
    outcome = await run("import ctypes\ndef run(parameters): ctypes.string_at(0)")
    assert outcome.failure == Failure("crashed", "The program crashed (SIGSEGV).")


@pytest.mark.parametrize("printed", ["rubbish", "", "NaN", "[1e999]", "[" * 5000])
async def test_what_is_no_json_is_no_result(run: Run, printed: str) -> None:
    outcome = await run(f"print({printed!r})")
    assert outcome.failure is not None
    assert outcome.failure.type == "invalid_result"


async def test_a_program_has_other_files_of_its_own(sandbox: Sandbox) -> None:
    files = {
        "controller.py": b"import parts.more\ndef run(parameters): return parts.more.VALUE",
        "parts/more.py": b"VALUE = 5",
    }
    outcome = await sandbox.run(SandboxCall(Program("tool", files, DATA), None, "ada"))
    assert outcome.result == 5


async def test_files_are_given(run: Run) -> None:
    source = "def run(parameters): return open('in.csv').read()"
    outcome = await run(source, files={"in.csv": b"a,b"})
    assert (outcome.result, outcome.artifacts) == ("a,b", ())


@pytest.mark.parametrize("name", ["../x", "/x", "", "..", "a\0b"])
async def test_a_file_with_a_path_for_a_name_is_refused(sandbox: Sandbox, name: str) -> None:
    with pytest.raises(InvalidRequest):
        await sandbox.run(call_of("def run(p): return 1", files={name: b""}))


async def test_a_program_with_a_path_that_leads_elsewhere_is_refused(sandbox: Sandbox) -> None:
    files = {"controller.py": b"", "../../x": b""}
    with pytest.raises(InvalidRequest):
        await sandbox.run(SandboxCall(Program("tool", files, DATA), None, "ada"))


async def test_two_calls_do_not_share_random_numbers(run: Run) -> None:
    source = """
        import random
        import numpy
        def run(parameters): return [random.random(), numpy.random.random()]
    """
    first, second = [(await run(source, profile=DATA)).result for _ in range(2)]
    assert first[0] != second[0]
    assert first[1] != second[1]


async def test_one_call_leaves_nothing_for_the_next(run: Run) -> None:
    source = """
        import json, os, pathlib
        def run(parameters):
            before = [hasattr(json, "mark"), os.listdir("."), os.environ.get("MARK")]
            json.mark, os.environ["MARK"] = 1, "1"
            pathlib.Path("mark").write_text("x")
            return before
    """
    assert [(await run(source)).result for _ in range(2)] == [[False, [], None]] * 2


async def test_the_portal_is_asked(run: Run) -> None:
    source = """
        import aiportal_tool
        def run(parameters):
            answer = aiportal_tool.ask("double", number=parameters)
            try:
                aiportal_tool.ask("refuse")
            except aiportal_tool.PortalRefusal as refusal:
                return [answer, str(refusal)]
    """

    async def broker(operation: str, arguments: object) -> object:
        if operation == "refuse":
            raise ServiceUnavailable("Not today.")
        return {"of": operation, "arguments": dict(arguments), "long": "x" * 2_000_000}  # type: ignore[call-overload] # a mapping

    answer, refusal = (await run(source, 21, broker=broker)).result
    assert answer["arguments"] == {"number": 21}
    assert len(answer["long"]) == 2_000_000
    assert refusal == "Not today."


async def test_without_a_broker_there_is_nothing_to_ask(run: Run) -> None:
    outcome = await run("import aiportal_tool\ndef run(p): aiportal_tool.ask('x')")
    assert outcome.failure == Failure(
        "PortalRefusal", "This tool has nothing to ask of the portal."
    )


async def test_a_call_may_ask_only_so_often(run: Run) -> None:
    source = """
        import aiportal_tool
        def run(parameters):
            for count in range(1000):
                try: aiportal_tool.ask("x")
                except aiportal_tool.PortalRefusal: return count
    """

    async def broker(operation: str, arguments: object) -> object:
        return None

    assert (await run(source, broker=broker)).result == 100


async def test_a_table_and_a_plot_come_back(run: Run) -> None:
    source = """
        import pandas
        import matplotlib.pyplot as plt
        def run(parameters):
            frame = pandas.DataFrame({"kind": ["a", "b", "a"], "value": [1, 2, 3.5]})
            frame.plot()
            plt.savefig("plot.png")
            return frame.groupby("kind")["value"].sum()
    """
    outcome = await run(source, profile=DATA)
    assert outcome.failure is None, outcome
    assert outcome.result == {"a": 4.5, "b": 2.0}
    (plot,) = outcome.artifacts
    assert (plot.name, plot.mime) == ("plot.png", "image/png")
    assert plot.data.startswith(b"\x89PNG")
    assert outcome.stderr == ""


async def test_a_program_says_that_it_has_left_something_out(run: Run) -> None:
    source = """
        from aiportal_tool import leave_out
        def run(parameters):
            if parameters: leave_out(parameters)
            return 1
    """
    cut = await run(source, "The rest.", session="cut")
    assert (cut.result, cut.stderr, cut.is_truncated) == (1, "The rest.\n", True)
    whole = await run(source, None, session="cut")
    assert (whole.result, whole.stderr, whole.is_truncated) == (1, "", False)
