"""Which tier is in force, and what is said where none is."""

import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aiportal.errors import ToolUnavailable
from aiportal.sandbox import Profile, Sandbox, Tier, sandbox
from aiportal.sandbox.pool import Zygotes
from aiportal.sandbox.tiers import find_tier
from tests.unit.sandbox.conftest import call_of

HONEST = "def run(parameters): return 1"


@contextmanager
def bounded(what: int, bound: int) -> Iterator[None]:
    """This process has no more of something until the context is left."""
    soft, hard = resource.getrlimit(what)
    resource.setrlimit(what, (bound, hard))
    try:
        yield
    finally:
        resource.setrlimit(what, (soft, hard))


async def test_switched_off_no_program_is_run() -> None:
    async with Sandbox.open("off", workers=1) as sandbox:
        with pytest.raises(ToolUnavailable, match="AIPORTAL_SANDBOX=off"):
            await sandbox.run(call_of(HONEST))
        assert sandbox.tier.name is None


async def test_of_itself_the_strongest_one_is_taken() -> None:
    alone, first = await find_tier("namespaces")
    tier, zygote = await find_tier("auto")
    for started in (first, zygote):
        if started is not None:
            await started.stop()
    assert tier == (alone if alone.name else Tier("landlock", alone.reasons))


async def test_nothing_is_started_before_it_is_needed() -> None:
    async with Sandbox.open("auto", workers=1) as sandbox:
        assert sandbox.tier.name is None
        assert (await sandbox.run(call_of(HONEST))).result == 1
        assert sandbox.tier.name is not None


async def test_a_profile_that_cannot_be_started_says_why() -> None:
    lacking = Profile("lacking", ("no_such_module",))
    async with Sandbox.open("auto", workers=1) as sandbox:
        with pytest.raises(ToolUnavailable, match="No module named 'no_such_module'"):
            await sandbox.run(call_of(HONEST, profile=lacking))
        assert (await sandbox.run(call_of(HONEST))).result == 1


async def test_an_interpreter_that_is_gone_is_told() -> None:
    gone = Profile("gone", python=Path("/nonexistent/bin/python"))
    async with Sandbox.open("auto", workers=1) as opened:
        with pytest.raises(ToolUnavailable, match=r"'gone' did not start: .*/nonexistent"):
            await opened.run(call_of(HONEST, profile=gone))


async def test_a_full_disk_is_a_reason() -> None:
    assert tempfile.gettempdir()  # looked for once in a process, by writing
    with bounded(resource.RLIMIT_FSIZE, 0):
        tier, zygote = await find_tier("landlock")
    assert zygote is None
    assert tier.name is None
    assert "File too large" in tier.reasons[0]


async def test_where_no_tier_held_it_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Sandbox.open("landlock", workers=1) as opened:
        with bounded(resource.RLIMIT_NOFILE, 8):
            assert "Too many open files" in (await opened.ready()).reasons[0]
        assert (await opened.ready()).name is None  # too early
        monkeypatch.setattr(sandbox, "PROBE_AGAIN_S", 0)
        assert (await opened.ready()).name == "landlock"
        assert (await opened.run(call_of(HONEST))).result == 1


async def test_an_idle_profile_ends_unless_it_is_needed() -> None:
    tier, bare = await find_tier("auto")
    assert tier.name is not None
    assert bare is not None
    zygotes, rare = Zygotes(), Profile("rare", ("fractions",))
    zygotes.begin(tier.name, bare)
    try:
        conversation = await zygotes.converse(rare)
        conversation.hang_up()
        await zygotes.end_idle(keep=lambda profile: True, idle_s=0)
        assert conversation.zygote.is_alive
        await zygotes.end_idle(keep=lambda profile: False, idle_s=0)
        assert not conversation.zygote.is_alive
        assert bare.is_alive
    finally:
        await zygotes.stop()
