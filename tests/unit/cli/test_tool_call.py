"""Files that go into a run of a tool from the terminal, and those that come out."""

from pathlib import Path

import pytest

from aiportal.cli.tool_call import files_told, read_files, write_artifacts
from aiportal.errors import ConfigError, InvalidRequest
from aiportal.sandbox import Artifact


def artifacts_of(*names: str) -> list[Artifact]:
    return [Artifact(name, "text/csv", name.encode()) for name in names]


def test_artifacts_of_equal_names_are_all_written(tmp_path: Path) -> None:
    names = ("a/x.csv", "b/x.csv", "x-2.csv", "plain")
    written = write_artifacts(artifacts_of(*names), tmp_path / "made")

    assert [path.read_bytes().decode() for path in written] == list(names)
    assert [path.name for path in written] == ["x.csv", "x-2.csv", "x-2-2.csv", "plain"]


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("mine")
    (tmp_path / "x-2.csv").symlink_to(tmp_path / "elsewhere")
    written = write_artifacts(artifacts_of("x.csv"), tmp_path)

    assert (tmp_path / "x.csv").read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()
    assert files_told(["x.csv"], written) == f"x.csv is in {tmp_path / 'x-3.csv'}"


@pytest.mark.parametrize(
    "name",
    ["../out", "/etc/out", "..", ".", "", "a/..", "\x1b[2Jx\n\u202e.csv", "é" * 200 + ".csv"],
)
def test_whatever_a_file_is_named_it_lies_in_the_folder_itself(tmp_path: Path, name: str) -> None:
    (path,) = write_artifacts(artifacts_of(name), tmp_path / "made")
    assert path.parent == tmp_path / "made"
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == [path.name]
    assert path.name.isprintable()
    assert not name.endswith(".csv") or path.suffix == ".csv"


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"cannot be written: File exists\. Name another folder"):
        write_artifacts(artifacts_of("x"), tmp_path / "file")


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    paths = [tmp_path / folder / "in.csv" for folder in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(path.parent.name)

    assert read_files(paths[:1]) == {"in.csv": b"a"}
    with pytest.raises(InvalidRequest, match=r"Two files are named 'in\.csv'"):
        read_files(paths)
