import os
from pathlib import Path

import pytest

from aiportal.errors import ModelUnavailable
from aiportal.local.machine import available_memory_bytes, cores, require_space

GIGABYTE = 1024**3


@pytest.fixture
def meminfo(tmp_path: Path) -> Path:
    path = tmp_path / "meminfo"
    path.write_text(f"MemTotal: {16 * 1024**2} kB\nMemAvailable: {8 * 1024**2} kB\n")
    return path


def test_the_quota_of_a_container_bounds_the_cores(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    assert cores(tmp_path) == 1
    (tmp_path / "cpu.max").write_text("20000 100000\n")
    assert cores(tmp_path) == 1


def test_without_a_quota_all_cores_of_this_process_count(tmp_path: Path) -> None:
    assert cores(tmp_path) == len(os.sched_getaffinity(0))
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert cores(tmp_path) == len(os.sched_getaffinity(0))


def test_memory_is_what_the_machine_has_left(meminfo: Path, tmp_path: Path) -> None:
    assert available_memory_bytes(meminfo, tmp_path) == 8 * GIGABYTE


def test_memory_is_bounded_by_the_container(meminfo: Path, tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text(str(4 * GIGABYTE))
    (tmp_path / "memory.current").write_text(str(3 * GIGABYTE))
    assert available_memory_bytes(meminfo, tmp_path) == GIGABYTE
    (tmp_path / "memory.stat").write_text(f"anon 1\ninactive_file {GIGABYTE}\n")
    assert available_memory_bytes(meminfo, tmp_path) == 2 * GIGABYTE


def test_memory_is_unknown_where_the_system_does_not_say(tmp_path: Path) -> None:
    assert available_memory_bytes(tmp_path / "none", tmp_path) is None


def test_a_disk_without_room_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    require_space(tmp_path, 1)
    with pytest.raises(ModelUnavailable, match="AIPORTAL_CACHE_DIR"):
        require_space(tmp_path, 10**18)
