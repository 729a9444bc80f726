"""Whatever a program has made of its folder, it can be deleted."""

import os
import sys
from pathlib import Path

from aiportal.sandbox.box.removal import remove_tree

DEEPER_THAN_THE_STACK = 3 * sys.getrecursionlimit()


def test_a_tree_deeper_than_the_stack(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    inner = os.open(top, os.O_RDONLY)
    for _ in range(DEEPER_THAN_THE_STACK):
        os.mkdir("folder", dir_fd=inner)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=inner))
        deeper = os.open("folder", os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = deeper
    os.close(inner)
    remove_tree(str(top))
    assert not top.exists()


def test_locked_folders_go_and_what_links_lead_to_stays(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(0o755)
    (outside / "kept").write_text("kept")
    top = tmp_path / "top"
    (top / "locked" / "inner").mkdir(parents=True)
    (top / "locked" / "inner" / "file").write_text("x")
    for link in (top / "link", top / "locked" / "link"):
        link.symlink_to(outside)
    (top / "locked" / "inner").chmod(0)
    (top / "locked").chmod(0)
    remove_tree(str(top))
    assert not top.exists()
    assert (outside / "kept").read_text() == "kept"
    assert outside.stat().st_mode & 0o777 == 0o755


def test_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    remove_tree(str(tmp_path / "none"))
