"""The lock files: `python -m tests.locks` compares them with pyproject.toml; `--write` writes them.

A pin that a newer release could replace is in step all the same; `--upgrade` takes the newer one.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

__all__ = ["main"]

ROOT = Path(__file__).parents[1]
COMPILE = "pip compile --quiet --universal --python-version 3.11 --generate-hashes"
PLAIN = "--no-annotate --no-header"
LOCKS = {
    "requirements-dev.lock": "--extra dev pyproject.toml",
    "requirements.lock": "-c requirements-dev.lock --extra local --extra tools pyproject.toml",
    "requirements-build.lock": "-c requirements-dev.lock --group build",
}


@click.command()
@click.option("--write", is_flag=True, help="Write them instead of comparing.")
@click.option("--upgrade", is_flag=True, help="Take newer releases.")
def main(*, write: bool, upgrade: bool) -> None:
    """Exit with 1, naming the command that helps, if a lock file is out of step."""
    if write:
        for name in LOCKS:
            _compile(name, ROOT / name, *(["--upgrade"] if upgrade else []))
    elif stale := [name for name in LOCKS if _is_stale(name)]:
        click.echo(f"{', '.join(stale)}: not in step with pyproject.toml. Run: make lock", err=True)
        sys.exit(1)


def _is_stale(name: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / name
        shutil.copy(ROOT / name, fresh)
        _compile(name, fresh)
        return fresh.read_text() != (ROOT / name).read_text()


def _compile(name: str, output: Path, *options: str) -> None:
    uv = str(Path(sys.executable).with_name("uv"))
    command = [
        uv,
        *COMPILE.split(),
        *PLAIN.split(),
        *options,
        *LOCKS[name].split(),
        "-o",
        str(output),
    ]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
