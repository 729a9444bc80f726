"""What is read of a folder, and what of it counts after an earlier reading."""

import json
from pathlib import Path

import pytest

from aiportal.registry import files, read_config
from tests.unit.registry.configs import CONFIG, FAST, SLOW, write_config


@pytest.mark.parametrize(
    "name", [".hidden.json", ".git/config.json", "any/.#0.json", "any/0.json~", "any/0.json.swp"]
)
def test_hidden_and_temporary_files_are_not_read(tmp_path: Path, name: str) -> None:
    folder = write_config(tmp_path, FAST)
    file = folder / "models" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("{ half a fi")
    assert read_config(folder).problems == ()


def test_a_file_keeps_its_id_against_one_that_claims_it_later(tmp_path: Path) -> None:
    folder = write_config(tmp_path, SLOW, FAST)
    before = read_config(folder)
    (folder / "models" / "any" / "0.json").write_text(json.dumps(FAST))
    after = read_config(folder, before)
    assert [file for file, _ in after.models] == ["models/any/1.json"]
    assert after.bad == ("models/any/0.json",)
    assert "already the id of models/any/1.json" in after.problems[0].allowed


def test_a_bad_config_json_leaves_the_last_good_one(tmp_path: Path) -> None:
    folder = write_config(tmp_path, FAST)
    before = read_config(folder)
    (folder / "config.json").write_text(json.dumps(CONFIG)[:-3])
    after = read_config(folder, before)
    assert after.config == before.config
    assert after.problems[0].file == "config.json"


def test_a_missing_folder_of_models_is_not_an_empty_one(tmp_path: Path) -> None:
    folder = write_config(tmp_path)
    assert not read_config(folder).is_missing
    (folder / "models").rename(folder / "elsewhere")
    missing = read_config(folder)
    assert missing.is_missing
    assert missing.problems[0].file == "models"


def test_more_files_than_are_read_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILES", 1)
    read = read_config(write_config(tmp_path, FAST, SLOW))
    assert [entry.id for _, entry in read.models] == ["acme/fast"]
    assert "more than 1 files; those after 0.json" in read.problems[0].allowed
