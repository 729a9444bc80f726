"""`aiportal backup | restore`."""

import json
from pathlib import Path

from aiportal.settings import Settings
from tests.unit.cli.conftest import Cli


def test_a_backup_comes_back_and_only_with_yes(wired_cli: Cli, tmp_path: Path) -> None:
    file = str(tmp_path / "b")
    wired_cli("user", "create", "ann")
    made = wired_cli("backup", file)
    held = "tools, jwt_secret, aiportal.db"
    assert (made.exit_code, made.stdout) == (0, f"{file} holds {held}.\n")
    assert "model_config" in made.stderr
    wired_cli("user", "create", "bob")
    assert wired_cli("restore", file).exit_code == 2
    assert "bob" in wired_cli("user", "list").stdout
    done = wired_cli("restore", file, "--yes")
    assert (done.exit_code, done.stdout[: 9 + len(held)]) == (0, f"Restored {held}")
    assert "bob" not in wired_cli("user", "list").stdout
    assert "ann" in wired_cli("user", "list").stdout


def test_both_speak_json(cli: Cli, tmp_path: Path) -> None:
    file = str(tmp_path / "b")
    cli("migrate")
    made = json.loads(cli("backup", file, "--json").stdout)
    done = json.loads(cli("restore", file, "--yes", "--json").stdout)
    assert made == done
    assert made["file"] == file


def test_a_failure_is_one_sentence(cli: Cli, settings: Settings, tmp_path: Path) -> None:
    assert cli("backup", str(tmp_path / "b")).exit_code == 1
    (tmp_path / "text").write_text("a text")
    result = cli("restore", str(tmp_path / "text"), "--yes")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert cli("restore", str(tmp_path / "none"), "--yes").exit_code == 1
    assert not settings.database_path.exists()
