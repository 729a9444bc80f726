"""Where the clients live: folders of the user's cache, filled anew with the newest releases."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import click
import platformdirs

__all__ = ["NodeFolder", "PythonEnvironment", "cache_folder"]

INSTALL_S = 600


def cache_folder() -> Path:
    """Where both environments are."""
    return Path(platformdirs.user_cache_dir("aiportal")) / "clients"


@dataclass(frozen=True)
class PythonEnvironment:
    """A virtual environment with these packages and what they need."""

    folder: Path
    packages: Sequence[str]

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def install(self) -> None:
        """Raises ClickException in words."""
        shutil.rmtree(self.folder, ignore_errors=True)
        uv = str(Path(sys.executable).with_name("uv"))
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(self.folder)])
        install = [uv, "pip", "install", "--quiet", "--python", str(self.python), *self.packages]
        _run(install)

    def versions(self) -> dict[str, str]:
        """Of the packages that were asked for."""
        (libraries,) = self.folder.glob("lib/python*/site-packages")
        found = {one.name.lower(): one.version for one in distributions(path=[str(libraries)])}
        return {name: found.get(name, "?") for name in self.packages}


@dataclass(frozen=True)
class NodeFolder:
    """A folder with `node_modules` of these packages."""

    folder: Path
    packages: Sequence[str]

    def install(self) -> None:
        """Raises ClickException in words, also where there is no node."""
        if shutil.which("node") is None or shutil.which("npm") is None:
            raise click.ClickException(
                "node and npm are not here. Install them (Debian: apt-get install nodejs npm)."
            )
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        package = {"private": True, "type": "module"}
        (self.folder / "package.json").write_text(json.dumps(package))
        options = ["--no-fund", "--no-audit", "--no-package-lock", "--silent"]
        _run(["npm", "install", *options, *self.packages], folder=self.folder)

    def versions(self) -> dict[str, str]:
        """Of the packages that were asked for."""
        return {name: self._version(name) for name in self.packages}

    def _version(self, name: str) -> str:
        file = self.folder / "node_modules" / name / "package.json"
        return str(json.loads(file.read_text())["version"])


def _run(command: Sequence[str], *, folder: Path | None = None) -> None:
    try:
        subprocess.run(
            command, cwd=folder, check=True, timeout=INSTALL_S, capture_output=True, text=True
        )
    except subprocess.CalledProcessError as error:
        words = f"{' '.join(command)} failed:\n{error.stdout[-1000:]}{error.stderr[-2000:]}"
        raise click.ClickException(words) from error
    except subprocess.TimeoutExpired as error:
        raise click.ClickException(f"{' '.join(command)} took over {INSTALL_S} s.") from error
