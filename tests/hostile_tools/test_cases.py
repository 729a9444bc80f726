"""Model-written code is hostile code: nothing leaks, nothing survives, everybody else is served."""

import pytest

from tests.hostile_tools.cases import CASES
from tests.hostile_tools.conftest import Campaign
from tests.hostile_tools.target import IDLE
from tests.hostile_tools.verdict import check


def test_each_name_is_there_once() -> None:
    assert len(CASES) >= 110


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_program(campaign: Campaign, name: str) -> None:
    check(CASES[name], campaign.answers[name], campaign.target.canary)


def test_health_answers_throughout(campaign: Campaign) -> None:
    assert campaign.health.failed == []
    assert campaign.health.answered > 0


def test_no_process_survives(campaign: Campaign) -> None:
    assert len(campaign.survivors) <= IDLE


def test_no_mount_and_no_file_is_left(campaign: Campaign) -> None:
    assert campaign.mounts[0] == campaign.mounts[1]
    assert campaign.temporary == []


def test_nobody_was_called_and_nothing_listens(campaign: Campaign) -> None:
    assert campaign.target.silence.heard() == []
    assert campaign.target.listening() == {campaign.target.process.port}
