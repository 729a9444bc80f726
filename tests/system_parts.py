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
    """One program: is it there, which Debian packages bring it, and what does elsewhere."""

    name: str
    is_present: bool
    packages: tuple[str, ...]
    elsewhere: str


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
    if shutil.which("apt-get") and os.geteuid() == 0:
        if missing:
            _apt_install([package for part in missing for package in part.packages])
        if not shutil.which(HEADLESS):
            _try_headless()
        missing = [part for part in _parts() if not part.is_present]
    if missing:
        names = ", ".join(part.name for part in missing)
        click.echo(f"The tests need {names}. {_advice(missing)}", err=True)
        sys.exit(1)


def _parts() -> list[Part]:
    playwright = Path(sys.executable).with_name("playwright")
    browser = f"Run: {playwright} install --with-deps chromium"
    packages = ("chromium", "fonts-dejavu-core")
    parts = [Part("Chromium", chromium() is not None, packages, browser)]
    if sys.platform == "linux":
        has_bwrap = shutil.which("bwrap") is not None
        sandbox = "Install the package bubblewrap."
        parts.append(Part("bubblewrap", has_bwrap, ("bubblewrap",), sandbox))
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


def _advice(missing: list[Part]) -> str:
    if shutil.which("apt-get"):
        packages = [package for part in missing for package in part.packages]
        return f"Run: sudo apt-get install -y {' '.join(packages)}"
    return " ".join(part.elsewhere for part in missing)


if __name__ == "__main__":
    main()
