"""Which tier is in force, and what is said where none is."""

import pytest

from aiportal.errors import ToolUnavailable
from aiportal.sandbox import Profile, Sandbox, Tier
from aiportal.sandbox.pool import Zygotes
from aiportal.sandbox.tiers import find_tier
from tests.unit.sandbox.conftest import call_of

HONEST = "def run(parameters): return 1"


async def test_switched_off_no_program_is_run() -> None:
    async with Sandbox.open("off", workers=1) as sandbox:
        with pytest.raises(ToolUnavailable, match="AIPORTAL_SANDBOX=off"):
            await sandbox.run(call_of(HONEST))
        assert sandbox.tier.name is None


async def test_of_itself_the_strongest_one_is_taken() -> None:
    tier, zygote = await find_tier("auto")
    assert zygote is not None
    await zygote.stop()
    assert tier == Tier("namespaces") or tier.reasons


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
