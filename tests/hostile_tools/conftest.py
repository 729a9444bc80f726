"""All cases are run once in each tier, as many at once as there are workers."""

import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from aiportal.sandbox import SandboxMode
from tests.hostile_tools.cases import CASES
from tests.hostile_tools.health import Health
from tests.hostile_tools.target import IDLE, Answered, Target, opened

_AT_ONCE = 3


@dataclass(frozen=True)
class Campaign:
    """What came of all cases in one tier."""

    target: Target
    answers: Mapping[str, Answered]
    health: Health
    survivors: set[int]
    mounts: tuple[str, str]
    temporary: list[str]


@pytest.fixture(scope="session", params=["namespaces", "landlock"])
def tier(request: pytest.FixtureRequest) -> SandboxMode:
    value: SandboxMode = request.param
    return value


@pytest.fixture(scope="session")
def target(tier: SandboxMode) -> Iterator[Target]:
    """A portal in this tier; both of its interpreters are warm."""
    with opened(tier) as found:
        assert found.run("6 * 7").json()["result"] == 42
        assert found.run("6 * 7", "attacker").json()["result"] == 42
        yield found


def run_all(target: Target) -> Campaign:
    """Each case once, with an honest call after it."""
    health = Health()
    mounts = target.mounts()
    begun = time.monotonic()
    with health.asked(target.process.url), ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = dict(zip(CASES, pool.map(target.attack, CASES.values()), strict=True))
    sys.stdout.write(
        f"\n{len(answers)} cases in {time.monotonic() - begun:.0f} s, /health {health.answered} times,"
        f" at the slowest {health.slowest_s * 1000:.0f} ms\n"
    )
    after = target.settled(IDLE)
    return Campaign(target, answers, health, after, (mounts, target.mounts()), target.left_behind())
