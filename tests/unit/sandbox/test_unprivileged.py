"""The sandbox of a portal that has no rights at all, as in a container with Docker's defaults."""

import json
import os
import subprocess
from typing import Any

import pytest

from tests.confinement import NOBODY, everybodys_python
from tests.processes import ROOT

PORTAL = """
import asyncio, json, sys
from aiportal.sandbox import BARE, CallLimits, Program, Sandbox, SandboxCall
from tests.confinement import as_docker

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


def as_nobody() -> dict[str, Any]:
    who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    return {**who, "env": {"PYTHONPATH": str(ROOT)}, "cwd": "/"}


def portal(mode: str, place: str, source: str = "def run(p): return 42") -> dict[str, Any]:
    command = [everybodys_python(), "-c", PORTAL, mode, place, source]
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
    for path in ({str(ROOT / "aiportal" / "__init__.py")!r}, "/proc/self/environ", "/etc/passwd"):
        try: found.append(open(path).read())
        except OSError: pass
    for target in (os.getppid(), -1, 0):
        try: found.append(os.kill(target, 0))
        except OSError: pass
    return found
"""
    assert portal("auto", "docker", source)["result"] == []
