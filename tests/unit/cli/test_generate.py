"""`aiportal generate …`."""

import json
import shlex
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Cli


def test_a_tool_is_written_and_runs_as_it_is_told(cli: Cli, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    made = cli("generate", "tool", "word-count_2", AIPORTAL_TOOLS_DIR=str(tools))
    assert made.exit_code == 0, made.stderr
    config = json.loads((tools / "word-count_2" / "config.json").read_text())
    assert (config["id"], config["name"]) == ("word-count_2", "Word count 2")
    assert f"Wrote {tools / 'word-count_2'}" in made.stdout
    line = next(line for line in made.stdout.splitlines() if "try it: " in line)
    command = shlex.split(line.partition("try it: ")[2])
    ran = cli(*command[1:], "--json", AIPORTAL_TOOLS_DIR=str(tools))
    assert json.loads(ran.stdout)["result"] == {"words": 6, "different": 4}


@pytest.mark.parametrize("template", ["text", "table", "fetch"])
def test_every_template_makes_a_right_tool(cli: Cli, template: str) -> None:
    made = cli("generate", "tool", "mine", "--template", template, "--json")
    folder = Path(json.loads(made.stdout)["folder"])
    assert folder == cli.settings.data_dir / "tools" / "mine"
    assert {path.name for path in folder.iterdir()} == {"config.json", "controller.py"}
    assert cli("tools", "validate").exit_code == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("calculator", "There is a tool 'calculator' already. Choose another id."),
        ("two words", "A tool's id is 1 to 64 letters"),
        ("../up", "A tool's id is 1 to 64 letters"),
        ("x" * 65, "A tool's id is 1 to 64 letters"),
        ("", "A tool's id is 1 to 64 letters"),
        ("approvals", "a word of the portal's own"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_words(cli: Cli, name: str, said: str) -> None:
    refused = cli("generate", "tool", name)
    assert refused.exit_code == 1
    assert said in refused.stderr


def test_nothing_that_is_there_is_written_over(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "tools" / "mine").mkdir(parents=True)
    (tmp_path / "tools" / "mine" / "note.txt").write_text("kept")
    refused = cli("generate", "tool", "mine", AIPORTAL_TOOLS_DIR=str(tmp_path / "tools"))
    assert "There is a tool 'mine' already" in refused.stderr
    assert [path.name for path in (tmp_path / "tools" / "mine").iterdir()] == ["note.txt"]
