"""A Hugging Face Space, imitated: nothing can be written but the home and the temporary folder."""

import sys
from collections.abc import Mapping
from pathlib import Path

from tests.processes import ServerProcess

__all__ = ["HOST", "SPACE", "Space", "sandboxed"]

ROOT = Path(__file__).parents[2]
HOST = "people-portal.hf.space"
SPACE = {
    "HOME": "/home/user",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "SYSTEM": "spaces",
    "SPACE_ID": "people/portal",
    "SPACE_HOST": HOST,
    "GRADIO_SERVER_NAME": "127.0.0.1",  # a Space says 0.0.0.0, which is no address for a test
}


def sandboxed(
    *command: str,
    environment: Mapping[str, str],
    readable: tuple[Path, ...] = (),
    writable: tuple[str, ...] = ("/tmp", "/home"),
) -> list[str]:
    """The command as uid 1000 on a read-only machine. writable: folders that are there, empty.

    readable: what would be hidden by these, besides the repository and Python.
    """
    kept = (ROOT, Path(sys.prefix), Path(sys.base_prefix), *readable)
    arguments = ["--unshare-user", "--uid", "1000", "--gid", "1000", "--die-with-parent"]
    arguments += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for folder in writable:
        arguments += ["--tmpfs", folder]
    for path in kept:
        arguments += ["--ro-bind", str(path), str(path)]
    arguments += ["--chdir", str(ROOT), "--clearenv"]
    for name, value in environment.items():
        arguments += ["--setenv", name, value]
    return ["bwrap", *arguments, *command]


class Space(ServerProcess):
    """`python app.py` on a Space, with the embedded model fetched already."""

    def __init__(self, folder: Path, *, weights_cache: Path, password: str) -> None:
        super().__init__("app", folder=folder, health="/health")
        environment = SPACE | {
            "GRADIO_SERVER_PORT": str(self.port),
            "AIPORTAL_CACHE_DIR": str(weights_cache),
            "AIPORTAL_ADMIN_PASSWORD": password,
        }
        self._command = sandboxed(
            sys.executable, "app.py", environment=environment, readable=(weights_cache,)
        )
