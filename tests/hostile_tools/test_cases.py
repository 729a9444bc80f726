"""Model-written code is hostile code: nothing leaks, nothing survives, everybody else is served."""

import pytest

from tests.hostile_tools.cases import CASES
from tests.hostile_tools.conftest import run_all
from tests.hostile_tools.target import IDLE, Target
from tests.hostile_tools.verdict import check

HEALTH_S = 5  # a second is promised; other work of the machine counts as well


@pytest.mark.timeout(900)  # all cases of a tier are one test: they share a portal, several at once
def test_hostile_programs_reach_nothing_and_leave_nothing(
    target: Target, subtests: pytest.Subtests
) -> None:
    assert len(CASES) >= 110
    campaign = run_all(target)
    for name, case in CASES.items():
        with subtests.test(name):
            check(case, campaign.answers[name], target.canary)
    with subtests.test("health answers throughout"):
        assert campaign.health.failed == []
        assert campaign.health.answered > 0
        assert campaign.health.slowest_s < HEALTH_S
    with subtests.test("no process survives"):
        assert len(campaign.survivors) <= IDLE
    with subtests.test("no mount and no file is left"):
        assert campaign.mounts[0] == campaign.mounts[1]
        assert campaign.temporary == []
    with subtests.test("nobody was called and nothing listens"):
        assert target.silence.heard() == []
        assert target.listening() == {target.process.port}
