from pathlib import Path

import pytest

from aiportal.errors import ConfigError
from aiportal.store import migrate, rollback
from aiportal.store.database import connect
from aiportal.store.migrations import available


def schema(path: Path) -> list[str]:
    database = connect(path)
    rows = database.execute(
        "SELECT sql FROM sqlite_master WHERE sql NOT NULL AND name NOT LIKE 'migrations' ORDER BY name"
    )
    found = [str(row[0]) for row in rows.fetchall()]
    database.close()
    return found


def test_numbers_are_without_gaps() -> None:
    assert [migration.number for migration in available()] == list(range(1, len(available()) + 1))


def test_every_migration_goes_up_down_and_up_again(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    newest = migrate(path).version
    full = schema(path)
    for version in reversed(range(newest)):
        assert rollback(path).version == version
    assert schema(path) == []
    assert migrate(path).version == newest
    assert schema(path) == full


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    migrate(tmp_path / "a.db")
    assert migrate(tmp_path / "a.db").changed == ()


def test_rolling_back_to_a_version_undoes_all_above(tmp_path: Path) -> None:
    migrate(tmp_path / "a.db")
    assert rollback(tmp_path / "a.db", to=0).version == 0
    assert schema(tmp_path / "a.db") == []


def test_a_database_of_a_newer_portal_is_left_alone(tmp_path: Path) -> None:
    migrate(tmp_path / "a.db")
    database = connect(tmp_path / "a.db")
    database.execute("INSERT INTO migrations VALUES (999, 'future', '')")
    database.close()
    with pytest.raises(ConfigError, match="newer portal"):
        migrate(tmp_path / "a.db")
