"""Every shipped tool as it runs for a caller: its own folder, in the real sandbox, in both tiers."""

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from aiportal.sandbox import CallLimits, Outcome, Profile, Program, Sandbox, SandboxCall
from tests.unit.tools.shipped.controllers import TOOLS

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("site")]
PROFILES = {
    name: Profile(name, tuple(profile["preload"]))
    for name, profile in json.loads((TOOLS / "config.json").read_text())["profiles"].items()
}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["namespaces", "landlock"])
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    """One for all tests of a tier."""
    async with Sandbox.open(request.param, workers=1) as sandbox:
        tier = await sandbox.ready()
        assert tier.name == request.param, tier.reasons
        yield sandbox


async def _broker(operation: str, arguments: Mapping[str, Any]) -> Any:
    ask = sys.modules["aiportal_tool"].__dict__["ask"]
    return await asyncio.to_thread(ask, operation, **arguments)


def _call(tool_id: str, parameters: dict[str, Any]) -> SandboxCall:
    folder = TOOLS / tool_id
    files = {file.name: file.read_bytes() for file in folder.glob("*.py")}
    config = json.loads((folder / "config.json").read_text())
    megabytes = int(config["security"]["memoryLimit"].removesuffix("MB"))
    return SandboxCall(
        program=Program(tool_id, files, PROFILES[config["profile"]]),
        parameters=parameters,
        owner="ann",
        limits=CallLimits(wall_s=60, memory_bytes=megabytes * 1024**2),
        broker=_broker,
    )


async def _result(sandbox: Sandbox, call: SandboxCall) -> Any:
    outcome = await sandbox.run(call)
    assert outcome.failure is None, (outcome.failure, outcome.stderr)
    assert outcome.stderr == ""
    return outcome.result


async def _refused(sandbox: Sandbox, call: SandboxCall) -> Outcome:
    outcome = await sandbox.run(call)
    assert outcome.failure is not None
    return outcome


async def test_the_calculator(sandbox: Sandbox) -> None:
    product = _call("calculator", {"expression": "123456789 × 987654321"})
    assert (await _result(sandbox, product))["result"] == "121932631112635269"
    miles = await _result(sandbox, _call("calculator", {"expression": "100 km to mile"}))
    assert (miles["result"][:9], miles["unit"]) == ("62.137119", "mile")
    refused = await _refused(sandbox, _call("calculator", {"expression": "1/0"}))
    assert refused.failure is not None
    assert refused.failure.type == "CalculationError"
    assert refused.stderr == ""


async def test_the_units_are_read_before_the_calculator_is_called(sandbox: Sandbox) -> None:
    source = (
        b"import pint\ndef run(parameters):\n"
        b"    return pint.application_registry.get().non_int_type.__name__"
    )
    program = Program("units", {"controller.py": source}, PROFILES["numbers"])
    assert await _result(sandbox, SandboxCall(program, {}, "ann")) == "Fraction"


async def test_code_execution_with_tables_plots_and_files(sandbox: Sandbox) -> None:
    code = (
        "import pandas as pd\nimport matplotlib.pyplot as plt\n"
        "frame = pd.read_csv('in.csv')\nframe.plot.bar(x='k')\nprint(len(frame))\n"
        "frame.to_csv('out.csv')\nframe.groupby('k').v.sum()"
    )
    call = replace(
        _call("code-execution", {"code": code}), files={"in.csv": b"k,v\na,1\na,2\nb,4\n"}
    )
    outcome = await sandbox.run(call)
    assert (outcome.failure, outcome.stderr, outcome.stdout) == (None, "", "3\n")
    assert outcome.result == {"a": 3, "b": 4}
    made = {file.name: file.mime for file in outcome.artifacts}
    assert made == {"figure-01.png": "image/png", "out.csv": "text/csv"}


async def test_code_execution_reports_the_line(sandbox: Sandbox) -> None:
    code = "def half(n):\n    return n / 0\n\nhalf(3)"
    outcome = await _refused(sandbox, _call("code-execution", {"code": code}))
    assert outcome.failure is not None
    assert outcome.failure.type == "ZeroDivisionError"
    assert "line 2: return n / 0" in outcome.failure.message
    assert outcome.stderr.count("Traceback") == 1
    assert '"<code>", line 4, in <module>' in outcome.stderr
    assert "controller.py" not in outcome.stderr


async def test_a_session_of_code_execution_goes_on(sandbox: Sandbox) -> None:
    first = replace(_call("code-execution", {"code": "count = 41"}), session="s")
    await _result(sandbox, first)
    second = replace(_call("code-execution", {"code": "count + 1"}), session="s")
    assert await _result(sandbox, second) == 42
    sandbox.end_session("ann", "s")


async def test_the_data_analyzer(sandbox: Sandbox) -> None:
    config = {"type": "csv", "source": "a,b\n1,2\n2,4\n3,5\n", "analysis": "correlation"}
    outcome = await sandbox.run(_call("data-analyzer", {"data_config": config}))
    assert (outcome.failure, outcome.stderr) == (None, "")
    assert outcome.result["success"] is True
    (picture,) = outcome.artifacts
    assert picture.name == "heatmap.png"
    told = outcome.result["results"]["heatmap"]
    assert told == f"data:image/png;base64,{base64.b64encode(picture.data).decode()}"


async def test_the_data_analyzer_reads_files_of_the_call(sandbox: Sandbox, tmp_path: Path) -> None:
    import pandas as pd

    pd.DataFrame({"a": [1, 2]}).to_parquet(tmp_path / "t.parquet")
    pd.DataFrame({"a": [1, 2]}).to_excel(tmp_path / "t.xlsx")
    for name in ("t.parquet", "t.xlsx"):
        config = {"source": name, "analysis": "summary"}
        call = _call("data-analyzer", {"data_config": config})
        read = replace(call, files={name: (tmp_path / name).read_bytes()})
        assert (await _result(sandbox, read))["results"]["summary"]["shape"][0] == 2


async def test_the_web_scraper(sandbox: Sandbox) -> None:
    address = "https://birds.invalid/news/heron"
    told = await _result(sandbox, _call("web-scraper", {"url": address, "what": "all"}))
    assert "stands still" in told["text"]
    assert told["metadata"]["author"] == "Ada Moor"
    assert told["tables"][0]["caption"] == "Sizes"


async def test_the_web_search(sandbox: Sandbox) -> None:
    told = await _result(sandbox, _call("web-search", {"query": "heron"}))
    assert [one["number"] for one in told["results"]] == [1, 2, 3, 4, 5]


async def test_wolfram_alpha(sandbox: Sandbox) -> None:
    told = await _result(sandbox, _call("wolfram-alpha", {"query": "integrate x^2 sin x"}))
    assert "2 x sin(x)" in told["answer"]


async def test_the_current_time(sandbox: Sandbox) -> None:
    parameters = {"timezone": "Tokyo", "time": "2026-03-01T09:00", "convert_to": ["Europe/Berlin"]}
    told = await _result(sandbox, _call("current-time", parameters))
    assert told["iso"] == "2026-03-01T09:00:00+09:00"
    assert told["converted"][0]["iso"] == "2026-03-01T01:00:00+01:00"


async def test_the_test_tool(sandbox: Sandbox) -> None:
    told = await _result(sandbox, _call("test-tool", {"message": "Hi", "more": [1]}))
    assert (told["message"], told["parameters"]["more"]) == ("Hi", [1])
