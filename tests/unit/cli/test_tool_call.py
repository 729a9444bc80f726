"""Files that go into a run of a tool from the terminal, and those that come out."""

from pathlib import Path

import pytest

from aiportal.cli.tool_call import read_files, write_artifacts
from aiportal.errors import ConfigError, InvalidRequest
from aiportal.sandbox import Artifact


def test_artifacts_of_equal_names_are_all_written(tmp_path: Path) -> None:
    names = ("a/x.csv", "b/x.csv", "x-2.csv", "plain")
    artifacts = [Artifact(name, "text/csv", name.encode()) for name in names]

    written = write_artifacts(artifacts, tmp_path / "made")

    assert {name: path.read_bytes().decode() for name, path in written.items()} == {
        name: name for name in names
    }
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [
        "plain",
        "x-2-2.csv",
        "x-2.csv",
        "x.csv",
    ]


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("mine")

    with pytest.raises(ConfigError, match=r"x\.csv cannot be written"):
        write_artifacts([Artifact("x.csv", "text/csv", b"1")], tmp_path)

    assert (tmp_path / "x.csv").read_text() == "mine"


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    paths = [tmp_path / folder / "in.csv" for folder in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(path.parent.name)

    assert read_files(paths[:1]) == {"in.csv": b"a"}
    with pytest.raises(InvalidRequest, match=r"Two files are named 'in\.csv'"):
        read_files(paths)
