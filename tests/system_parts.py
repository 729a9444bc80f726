"""What the tests need besides Python packages: `python -m tests.system_parts` sees to it.

Where we are root on Debian or Ubuntu, a missing part is installed; elsewhere the one command that
does it is named and the exit status is 1.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click
from playwright.sync_api import sync_playwright

__all__ = ["chromium", "main"]

# The first one has no window to begin with: the tests take a sixth less time with it.
HEADLESS = "chromium-headless-shell"
CHROMIUM_NAMES = (
    HEADLESS,
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
APT_PATIENCE_S = 600
HEADLESS_PATIENCE_S = 60


@dataclass(frozen=True)
class Part:
    """One program: is it there, and which Debian packages bring it."""

    name: str
    is_present: bool
    packages: tuple[str, ...]


def chromium() -> Path | None:
    """The browser for the tests: the system's, else the one that Playwright has fetched."""
    for name in CHROMIUM_NAMES:
        if found := shutil.which(name):
            return Path(found)
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return own if own.exists() else None


def main() -> None:
    """Install what is missing, or say how."""
    missing = [part for part in _parts() if not part.is_present]
    packages = [package for part in missing for package in part.packages]
    if shutil.which("apt-get") and os.geteuid() == 0:
        if missing:
            _apt_install(packages)
        if not shutil.which(HEADLESS):
            _try_headless()
        missing = [part for part in _parts() if not part.is_present]
    if missing:
        names = ", ".join(part.name for part in missing)
        click.echo(f"The tests need {names}. Run: {_command(packages)}", err=True)
        sys.exit(1)


def _parts() -> list[Part]:
    parts = [Part("Chromium", chromium() is not None, ("chromium", "fonts-dejavu-core"))]
    if sys.platform == "linux":
        parts.append(Part("bubblewrap", shutil.which("bwrap") is not None, ("bubblewrap",)))
    return parts


def _apt_install(packages: list[str], *, patience_s: int = APT_PATIENCE_S) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    options = ["-y", "-qq", "--no-install-recommends"]
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", *options, *packages]):
        subprocess.run(
            command,
            check=True,
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=patience_s,
        )


def _try_headless() -> None:
    """The quicker browser, where the distribution has it; any Chromium will do."""
    try:
        _apt_install([HEADLESS], patience_s=HEADLESS_PATIENCE_S)
    except subprocess.SubprocessError as error:
        click.echo(f"The tests go on with the whole Chromium: {error}", err=True)


def _command(packages: list[str]) -> str:
    if shutil.which("apt-get"):
        return f"sudo apt-get install -y {' '.join(packages)}"
    return f"{Path(sys.executable).with_name('playwright')} install --with-deps chromium"


if __name__ == "__main__":
    main()
