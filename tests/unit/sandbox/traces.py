"""What a sandbox has on this machine: processes and folders."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

__all__ = ["below", "folders", "folders_of_calls", "zygotes"]


def below(process: int) -> set[int]:
    """Everything that descends from a process."""
    with suppress(psutil.NoSuchProcess):
        return {child.pid for child in psutil.Process(process).children(recursive=True)}
    return set()


def zygotes() -> set[int]:
    """Of this process, warm or at work."""
    return {one for one in below(os.getpid()) if _is_zygote(one)}


def _is_zygote(process: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return "from box.zygote" in " ".join(psutil.Process(process).cmdline())
    return False


def folders() -> list[Path]:
    """Of zygotes in tier `landlock`."""
    return list(Path(tempfile.gettempdir()).glob("aiportal-box-*"))


def folders_of_calls() -> list[Path]:
    """The same of their calls."""
    return [inner for folder in folders() for inner in folder.glob("*")]
