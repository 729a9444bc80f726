"""`aiportal doctor`."""

import json
import socket
from pathlib import Path

import pytest

from aiportal.settings import Settings
from tests.unit.cli.conftest import Cli
from tests.upstreams import Upstream


def findings(cli: Cli, **variables: str) -> tuple[int, dict[str, list[str]]]:
    """Exit status, and the messages of each level; the port is a free one unless given."""
    result = cli("doctor", "--json", **{"AIPORTAL_PORT": "0"} | variables)
    by_level: dict[str, list[str]] = {"ok": [], "hint": [], "problem": []}
    for finding in json.loads(result.stdout):
        by_level[finding["level"]].append(f"{finding['subject']}: {finding['message']}")
    return result.exit_code, by_level


def test_a_healthy_installation_passes(wired_cli: Cli) -> None:
    assert findings(wired_cli) == (0, {**findings(wired_cli)[1], "problem": []})


def test_doctor_changes_nothing(wired_cli: Cli, wired_settings: Settings) -> None:
    findings(wired_cli)
    assert not wired_settings.data_dir.exists()


def test_a_port_that_is_taken_is_a_problem(wired_cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, found = findings(wired_cli, AIPORTAL_PORT=str(taken.getsockname()[1]))
    assert status == 1
    assert found["problem"][0].startswith("port: ")


def test_a_wrong_setting_is_named(wired_cli: Cli) -> None:
    status, found = findings(wired_cli, AIPORTAL_LOCAL_PARALLEL="0")
    assert status == 1
    assert "AIPORTAL_LOCAL_PARALLEL" in found["problem"][0]


def test_a_wrong_model_file_is_a_problem(wired_cli: Cli, portal_config: Path) -> None:
    (portal_config / "models" / "bad.json").write_text("{")
    status, found = findings(wired_cli)
    assert status == 1
    assert "models/bad.json" in found["problem"][0]


def test_a_model_server_on_this_machine_is_told_and_is_enough(cli: Cli, upstream: Upstream) -> None:
    server = upstream.url.removesuffix("/v1")
    status, found = findings(
        cli, AIPORTAL_DISCOVER_LOCAL="true", AIPORTAL_LOCAL_SERVERS=f"lmstudio={server}"
    )
    assert status == 0
    assert "local model servers: lmstudio offers 1 models" in found["ok"]
    assert "models: 1 can serve now: lmstudio/fast" in found["ok"]


def test_no_usable_model_is_a_problem(cli: Cli) -> None:
    status, found = findings(cli)
    assert status == 1
    assert "models: none can serve now" in found["problem"]


def test_a_folder_that_cannot_be_made_is_a_problem(wired_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    status, found = findings(wired_cli, AIPORTAL_DATA_DIR=str(tmp_path / "file" / "data"))
    assert status == 1
    assert found["problem"][0].startswith("data folder: ")


def test_a_data_folder_that_others_can_read_is_a_hint(
    wired_cli: Cli, wired_settings: Settings
) -> None:
    wired_settings.data_dir.mkdir()
    wired_settings.data_dir.chmod(0o755)  # whatever the umask
    status, found = findings(wired_cli)
    assert status == 0
    assert any("other users" in hint for hint in found["hint"])


def test_an_older_database_is_a_hint(wired_cli: Cli) -> None:
    wired_cli("migrate")
    wired_cli("rollback")
    status, found = findings(wired_cli)
    assert status == 0
    assert any(hint.startswith("database: at version") for hint in found["hint"])


@pytest.mark.parametrize(
    "content", [b"no database at all", b"SQLite format 3\x00" + b"\xff" * 4096]
)
def test_a_damaged_database_is_a_problem(
    wired_cli: Cli, wired_settings: Settings, content: bytes
) -> None:
    wired_settings.data_dir.mkdir(mode=0o700)
    wired_settings.database_path.write_bytes(content)
    status, found = findings(wired_cli)
    assert status == 1
    assert found["problem"][0].startswith("database: ")


def test_people_get_an_arrow_to_what_to_do(cli: Cli) -> None:
    assert "→ aiportal models pull" in cli("doctor", AIPORTAL_PORT="0").stdout


def test_the_tier_of_the_sandbox_is_named(wired_cli: Cli) -> None:
    _, found = findings(wired_cli)
    assert [one for one in found["ok"] if one.startswith("sandbox: tier ")]


def test_a_sandbox_that_is_switched_off_is_no_problem(wired_cli: Cli) -> None:
    status, found = findings(wired_cli, AIPORTAL_SANDBOX="off")
    assert status == 0
    assert "sandbox: it is switched off, and with it every tool's program" in found["ok"]
