"""aiportal.store.exchange"""

from pathlib import Path

import pytest

from aiportal.store.exchange import Exchange


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A folder in use, one with what is to come, one for what was."""
    folder, new, old = (tmp_path / name for name in ("folder", "new", "old"))
    for one in (folder / "models", new / "models", old):
        one.mkdir(parents=True)
    for name in ("models/a", "database", "journal"):
        (folder / name).write_text("before")
    for name in ("models/b", "database", "secret"):
        (new / name).write_text("after")
    return folder, new, old


def test_files_and_folders_are_exchanged(folders: tuple[Path, Path, Path]) -> None:
    folder, new, old = folders
    Exchange(folder, new=new, old=old).run(["models", "secret", "database"], without=["journal"])
    assert files(folder) == dict.fromkeys(("database", "models/b", "secret"), "after")
    assert files(old) == dict.fromkeys(("database", "journal", "models/a"), "before")


def test_a_failure_halfway_leaves_all_as_it_was(folders: tuple[Path, Path, Path]) -> None:
    folder, new, old = folders
    before = files(folder)
    with pytest.raises(FileNotFoundError):
        Exchange(folder, new=new, old=old).run(
            ["models", "secret", "database", "missing"], without=["journal", "none"]
        )
    assert files(folder) == before
