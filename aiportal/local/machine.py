"""What this machine, or the container that we are in, has to offer an embedded model."""

import os
import shutil
from pathlib import Path

from aiportal.errors import ModelUnavailable

__all__ = ["available_memory_bytes", "cores", "require_space"]

CGROUP = Path("/sys/fs/cgroup")
SPARE_BYTES = 200_000_000  # of disk space that we leave to others


def cores(cgroup: Path = CGROUP) -> int:
    """Processor cores that this process may use: a container's quota counts.

    More threads than that only wait for each other.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    found = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    quota, _, period = _read(cgroup / "cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit():
        found = min(found, int(quota) // int(period))
    return max(found, 1)


def available_memory_bytes(
    meminfo: Path = Path("/proc/meminfo"), cgroup: Path = CGROUP
) -> int | None:
    """Memory that can be had without swapping; None where the system does not say."""
    machine = _field(meminfo, "MemAvailable:")
    if machine is None:
        return None
    limit, used = _read(cgroup / "memory.max"), _read(cgroup / "memory.current")
    if not limit.isdigit() or not used.isdigit():
        return machine * 1024
    cached = _field(cgroup / "memory.stat", "inactive_file") or 0
    return min(machine * 1024, max(int(limit) - int(used) + cached, 0))


def require_space(folder: Path, needed_bytes: int) -> None:
    """Raises ModelUnavailable where the disk of `folder` has no room for so many bytes more."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes + SPARE_BYTES:
        raise ModelUnavailable(
            f"The weights need {needed_bytes / 1e9:.1f} GB more, and the disk of {str(folder)!r} "
            f"has {free / 1e9:.1f} GB free. Make room, or set AIPORTAL_CACHE_DIR to a folder on "
            "another disk."
        )


def _field(path: Path, name: str) -> int | None:
    """The number after `name` in a file of lines `name number …`."""
    for line in _read(path).splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == name and words[1].isdigit():
            return int(words[1])
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
