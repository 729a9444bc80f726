"""Tools from Python: the same over both backends."""

import inspect
import shutil
from pathlib import Path

import pytest

from aiportal.errors import InvalidRequest, PermissionDenied, ToolNotFound
from aiportal.notebook.portal import Portal
from aiportal.notebook.tools import NotebookTools
from aiportal.settings import Settings
from tests.tool_folder import SHIPPED, write_tools

READS = (
    "from pathlib import Path\n\n\ndef run(parameters):\n    return Path('sales.csv').read_text()\n"
)
FAILS = "def run(parameters):\n    print('before')\n    raise ValueError('no <b>such</b> year')\n"
DRAWS = (
    "from pathlib import Path\n\n\ndef run(parameters):\n"
    "    Path('dot.png').write_bytes(bytes.fromhex('89504e470d0a1a0a') + bytes(9))\n"
)


@pytest.fixture
def wired_settings(wired_settings: Settings, tmp_path: Path) -> Settings:
    folder = write_tools(tmp_path / "tools")
    shutil.copy(SHIPPED / "config.json", folder)
    for name, code in (("reads", READS), ("fails", FAILS), ("draws", DRAWS)):
        (folder / name).mkdir()
        (folder / name / "config.json").write_text(
            f'{{"id": "{name}", "description": "It {name}."}}'
        )
        (folder / name / "controller.py").write_text(code)
    return wired_settings.model_copy(update={"tools_dir": folder})


def test_every_method_has_an_async_twin_with_the_same_signature() -> None:
    for name in ("list", "run"):
        plain, twin = getattr(NotebookTools, name), getattr(NotebookTools, f"a{name}")
        assert inspect.signature(plain) == inspect.signature(twin)


def test_the_tools_are_a_table(portal: Portal) -> None:
    tools = {tool.id: tool for tool in portal.tools.list()}
    assert {"calculator", "asks", "filer"} <= set(tools)
    assert tools["asks"].requires_approval
    assert "expression" in tools["calculator"].parameters["properties"]
    assert "<th>description</th>" in portal.tools.list()._repr_html_()


def test_a_tool_is_run_with_arguments_by_name_or_as_one(portal: Portal) -> None:
    expression = "123456789 * 987654321"
    by_name = portal.tools.run("calculator", expression=expression)
    as_one = portal.tools.run("calculator", {"expression": expression})
    assert by_name.result == as_one.result
    assert "121932631112635269" in str(by_name.result)
    assert by_name.error is None
    assert by_name.seconds > 0


async def test_the_async_twins_give_the_same(portal: Portal) -> None:
    assert "calculator" in {tool.id for tool in await portal.tools.alist()}
    assert (await portal.tools.arun("asks", a=1, agree=True)).result == {"a": 1}


def test_files_go_in_and_come_out(portal: Portal, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("a,b\n1,2\n")
    assert portal.tools.run("reads", files=[tmp_path / "sales.csv"]).result == "a,b\n1,2\n"
    assert portal.tools.run("reads", files={"sales.csv": b"x"}).result == "x"
    made = portal.tools.run("filer")
    assert made.files == {"note.txt": b"hello"}
    assert ".files['note.txt']" in made._repr_html_().replace("&#x27;", "'")
    with pytest.raises(FileNotFoundError):
        portal.tools.run("reads", files=[tmp_path / "none.csv"])


def test_a_failure_is_told_and_not_raised(portal: Portal) -> None:
    failed = portal.tools.run("fails")
    assert failed.error is not None
    assert failed.error.startswith("ValueError: no <b>such</b> year")
    assert failed.stdout == "before\n"
    assert "<b>" not in failed._repr_html_()
    assert "no &lt;b&gt;such" in failed._repr_html_()


def test_a_picture_is_shown(portal: Portal) -> None:
    assert (
        '<img alt="dot.png" src="data:image/png;base64,' in portal.tools.run("draws")._repr_html_()
    )


def test_a_tool_that_asks_runs_when_agreed_to_only(portal: Portal) -> None:
    with pytest.raises(PermissionDenied, match="agree=True"):
        portal.tools.run("asks", {"a": 1})
    assert portal.tools.run("asks", {"a": 1}, agree=True).result == {"a": 1}


def test_what_cannot_be_run_is_an_error(portal: Portal) -> None:
    with pytest.raises(ToolNotFound):
        portal.tools.run("nothing")
    with pytest.raises(InvalidRequest):
        portal.tools.run("calculator", {"expression": 7})
    with pytest.raises(InvalidRequest):
        portal.tools.run("filer", timeout_s=-1)
    assert "timeout" in str(portal.tools.run("sleeper", seconds=20, timeout_s=0.2).error)
