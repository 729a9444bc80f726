"""`aiportal tools …`."""

import json
from pathlib import Path

import pytest

from tests.contract.tool_cases import write_tools
from tests.unit.cli.conftest import Cli


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(write_tools(tmp_path / "tools"))


def test_all_tools_are_listed_with_what_they_lack(cli: Cli, folder: str) -> None:
    rows = json.loads(cli("tools", "list", "--json", AIPORTAL_TOOLS_DIR=folder).stdout)
    found = {row["id"]: row for row in rows}
    assert found["echo"]["usable"]
    assert "disabled" in found["switched-off"]["missing"]
    assert found["asks-first"]["approval"]


def test_the_shipped_tools_are_right(cli: Cli) -> None:
    result = cli("tools", "validate")
    assert (result.exit_code, result.stdout) == (0, "The tools are right.\n")


def test_a_wrong_tool_is_told_with_file_field_and_what_is_allowed(cli: Cli, folder: str) -> None:
    (Path(folder) / "echo" / "config.json").write_text('{"id": "echo", "enabled": "perhaps"}')
    result = cli("tools", "validate", "--json", AIPORTAL_TOOLS_DIR=folder)
    assert result.exit_code == 1
    [problem] = json.loads(result.stdout)
    assert (problem["file"], problem["field"]) == ("echo/config.json", "enabled")
    assert "boolean" in problem["allowed"]


def test_one_runs_without_a_server(cli: Cli, folder: str) -> None:
    options = ["-p", "city=Rome", "-p", "days=2", "--json"]
    result = cli("tools", "run", "echo", *options, AIPORTAL_TOOLS_DIR=folder)
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert (found["success"], found["result"]) == (True, {"city": "Rome", "days": 2})


def test_files_go_along_and_are_written(cli: Cli, folder: str, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("text")
    options = ["--file", str(tmp_path / "in.txt"), "--out", str(tmp_path / "made")]
    result = cli("tools", "run", "files", *options, AIPORTAL_TOOLS_DIR=folder)
    assert result.exit_code == 0
    assert (tmp_path / "made" / "out.txt").read_text() == "TEXT"
    assert "to stdout" in result.stdout
    assert f"out.txt is in {tmp_path / 'made' / 'out.txt'}" in result.stdout


def test_files_that_are_not_kept_are_named(cli: Cli, folder: str) -> None:
    result = cli("tools", "run", "plot", AIPORTAL_TOOLS_DIR=folder)
    assert result.stdout.startswith("drawn\n")
    words = "3 files: plot.png, raw.bin, table.csv. They are kept with --save FOLDER.\n"
    assert result.stderr == words
    as_json = cli("tools", "run", "plot", "--json", AIPORTAL_TOOLS_DIR=folder)
    assert (json.loads(as_json.stdout)["artifacts"], as_json.stderr) == ({}, words)


def test_the_result_is_printed_where_files_cannot_be_saved(
    cli: Cli, folder: str, tmp_path: Path
) -> None:
    (tmp_path / "made").touch()
    options = ["--save", str(tmp_path / "made")]
    result = cli("tools", "run", "plot", *options, AIPORTAL_TOOLS_DIR=folder)
    assert result.exit_code == 1
    assert json.loads(result.stdout.removeprefix("drawn\n")) == [1, 2]
    assert "made cannot be written: File exists" in result.stderr


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["exits"], 1, "exit: "),
        (["raises"], 1, "KeyError: "),
        (["none"], 1, "There is no tool 'none'"),
        (["echo", "{}"], 1, "'city' is a required property"),
        (["echo", "{"], 1, "is not JSON"),
        (["echo", "[]"], 1, "is not a JSON object"),
        (["echo", "-p", "city"], 2, "is not NAME=VALUE"),
        (["echo", '{"city": NaN}'], 1, "no JSON number"),
        (["asks-first"], 2, "--yes"),
        (["switched-off"], 1, "it is disabled"),
    ],
)
def test_what_goes_wrong_is_said_on_stderr(
    cli: Cli, folder: str, words: list[str], status: int, said: str
) -> None:
    result = cli("tools", "run", *words, AIPORTAL_TOOLS_DIR=folder)
    assert result.exit_code == status
    assert said in result.stderr


def test_an_approval_is_given_with_yes(cli: Cli, folder: str) -> None:
    result = cli("tools", "run", "asks-first", '{"a": 1}', "--yes", AIPORTAL_TOOLS_DIR=folder)
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"a": 1})
