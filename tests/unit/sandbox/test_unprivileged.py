"""The sandbox of a portal that has no rights at all, as in a container with Docker's defaults."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import aiportal

NOBODY = 65534
REPOSITORY = Path(aiportal.__file__).parents[1]

PORTAL = """
import asyncio, json, sys
from aiportal.sandbox import BARE, CallLimits, Program, Sandbox, SandboxCall
from aiportal.sandbox.box import kernel, seccomp

REFUSED = (272, 308, 165, 155, 161)  # unshare, setns, mount, pivot_root, chroot
APART = 0x7E020000

def as_docker():
    step, refuse = seccomp._step, seccomp._step(6, 0x00050001)
    program = [step(0x20, 0)]
    for number in REFUSED:
        program += [step(0x15, number, 0, 1), refuse]
    program += [step(0x15, 435, 0, 1), step(6, 0x00050026)]
    program += [step(0x15, 56, 0, 3), step(0x20, 16), step(0x45, APART, 0, 1), refuse]
    kernel.forbid_new_privileges()
    seccomp.load([*program, step(6, 0x7FFF0000)])

async def main():
    async with Sandbox.open(sys.argv[1], workers=1) as sandbox:
        tier = await sandbox.ready()
        told = {"tier": tier.name, "reasons": tier.reasons}
        if tier.name:
            source = sys.argv[3].encode()
            program = Program("t", {"controller.py": source}, BARE)
            outcome = await sandbox.run(SandboxCall(program, None, "ada"))
            told |= {"result": outcome.result, "failure": str(outcome.failure)}
        print(json.dumps(told))

if sys.argv[2] == "docker":
    as_docker()
asyncio.run(main())
"""


@cache
def interpreter() -> str:
    """One that anybody may start; skips where only root can."""
    same = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for found in (sys.executable, shutil.which(same, path="/usr/local/bin:/usr/bin")):
        command = [found or "", "-c", "import aiportal.sandbox"]
        try:
            subprocess.run(command, check=True, capture_output=True, **as_nobody())
        except (OSError, subprocess.CalledProcessError):
            continue
        return str(found)
    pytest.skip("no interpreter that an unprivileged user may start")


def as_nobody() -> dict[str, Any]:
    who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    return {**who, "env": {"PYTHONPATH": str(REPOSITORY)}, "cwd": "/"}


def portal(mode: str, place: str, source: str = "def run(p): return 42") -> dict[str, Any]:
    command = [interpreter(), "-c", PORTAL, mode, place, source]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, **as_nobody())
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("mode", ["namespaces", "landlock"])
def test_no_right_is_needed(mode: str) -> None:
    told = portal(mode, "here")
    assert (told["tier"], told["result"]) == (mode, 42), told


def test_where_namespaces_are_refused_the_other_tier_holds() -> None:
    told = portal("auto", "docker")
    assert (told["tier"], told["result"]) == ("landlock", 42), told
    assert len(told["reasons"]) == 1
    assert told["reasons"][0].startswith("Tier 'namespaces'")


def test_where_neither_is_to_be_had_nothing_runs() -> None:
    told = portal("namespaces", "docker")
    assert told["tier"] is None
    assert "user namespaces" in told["reasons"][0]


def test_the_portal_s_own_files_and_processes_are_safe_from_its_own_user() -> None:
    source = f"""
import os
def run(p):
    found = []
    for path in ({str(REPOSITORY / "aiportal" / "__init__.py")!r}, "/proc/self/environ", "/etc/passwd"):
        try: found.append(open(path).read())
        except OSError: pass
    for target in (os.getppid(), -1, 0):
        try: found.append(os.kill(target, 0))
        except OSError: pass
    return found
"""
    assert portal("auto", "docker", source)["result"] == []
