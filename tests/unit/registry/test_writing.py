"""Models' files are whole or not there."""

import json
import stat
from functools import partial
from pathlib import Path

import pytest

from aiportal.errors import ConfigError, Conflict, RequestTooLarge
from aiportal.registry.writing import remove_model, write_model


def test_a_new_file_is_whole_and_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "custom" / "poet.json"
    write_model(path, {"name": "Lyrik für alle"}, is_new=True)
    assert json.loads(path.read_text(encoding="utf-8")) == {"name": "Lyrik für alle"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_new_file_replaces_none(tmp_path: Path) -> None:
    path = tmp_path / "poet.json"
    path.write_text("somebody's")
    with pytest.raises(Conflict):
        write_model(path, {}, is_new=True)
    assert path.read_text() == "somebody's"
    assert list(tmp_path.glob(".poet*")) == []


def test_a_file_that_is_replaced_stays_readable_for_whom_it_was(tmp_path: Path) -> None:
    path = tmp_path / "poet.json"
    path.write_text("{}")
    path.chmod(0o644)
    write_model(path, {"a": 1}, is_new=False)
    assert json.loads(path.read_text()) == {"a": 1}
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_file_that_is_too_large_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(RequestTooLarge):
        write_model(tmp_path / "poet.json", {"a": "a" * 1024 * 1024}, is_new=True)
    assert list(tmp_path.glob("*.json")) == []


def test_what_cannot_be_written_or_removed_is_told_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "poet.json"
    acts = (partial(write_model, path, {}, is_new=False), partial(remove_model, path))
    for act in acts:
        with pytest.raises(ConfigError) as raised:
            act()
        assert str(tmp_path) not in raised.value.message


def test_a_file_that_is_gone_already_is_removed(tmp_path: Path) -> None:
    remove_model(tmp_path / "poet.json")

    assert list(tmp_path.glob("*.json")) == []
