"""`aiportal migrate | rollback | reset`."""

import json
import stat

from aiportal.settings import Settings
from tests.unit.cli.conftest import Cli


def test_migrate_makes_a_private_data_folder_and_the_database(cli: Cli, settings: Settings) -> None:
    result = cli("migrate")
    assert result.exit_code == 0
    assert "applied: 0001_accounts" in result.stdout
    assert settings.database_path.exists()
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700


def test_a_second_migrate_changes_nothing(cli: Cli) -> None:
    newest = cli("migrate").stdout.splitlines()[-1]
    assert cli("migrate").stdout.splitlines() == [newest]


def test_what_migrations_did_comes_as_json_too(cli: Cli) -> None:
    applied = json.loads(cli("migrate", "--json").stdout)
    assert applied["version"] == len(applied["applied"])
    assert applied["applied"][0] == "0001_accounts"
    undone = json.loads(cli("rollback", "--json").stdout)
    assert undone == {"version": applied["version"] - 1, "undone": [applied["applied"][-1]]}


def test_rollback_undoes_one_migration_or_all_above_a_number(cli: Cli) -> None:
    cli("migrate")
    assert cli("rollback").stdout.count("undone:") == 1
    assert cli("rollback", "--to", "0").stdout.endswith("The database is at version 0.\n")
    assert cli("migrate").exit_code == 0


def test_rollback_without_a_database_says_so(cli: Cli) -> None:
    result = cli("rollback")
    assert result.exit_code == 1
    assert "no database" in result.stderr


def test_reset_empties_the_database_and_only_with_yes(cli: Cli) -> None:
    cli("user", "create", "ann")
    assert cli("reset").exit_code == 2
    assert "ann" in cli("user", "list").stdout
    assert cli("reset", "--yes").exit_code == 0
    assert "ann" not in cli("user", "list").stdout
