"""Model-written code is hostile code: nothing leaks, nothing survives, everybody else is served."""

import base64
import json

import pytest

from tests.hostile_tools.case import ANYTHING
from tests.hostile_tools.cases import CASES
from tests.hostile_tools.conftest import Campaign

FIELDS = {"success", "result", "error", "stdout", "stderr", "durationMs", "truncated", "artifacts"}
MOST_ARTIFACTS, MOST_BYTES = 20, 5 * 1024**2
LONGEST_TYPE, LONGEST_MESSAGE = 100, 4000


def test_each_name_is_there_once() -> None:
    assert len(CASES) >= 110


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_program(campaign: Campaign, name: str) -> None:
    case, answered = CASES[name], campaign.answers[name]
    answer = answered.answer
    assert answered.status == 200, answered.text[:500]
    assert set(answer) <= FIELDS
    assert campaign.target.canary not in answered.text
    _check_artifacts(answer["artifacts"], campaign.target.canary)
    if answer["success"]:
        assert case.done, answered.text[:500]
        assert case.result is ANYTHING or answer["result"] == case.result
    else:
        kind, message = answer["error"]["type"], answer["error"]["message"]
        assert kind in case.failures, answered.text[:500]
        assert len(kind) <= LONGEST_TYPE
        assert len(message) <= LONGEST_MESSAGE
    assert answered.next_result == 42


def _check_artifacts(artifacts: list[dict[str, str]], canary: str) -> None:
    contents = [base64.b64decode(one["data"]) for one in artifacts]
    assert len(contents) <= MOST_ARTIFACTS
    assert sum(map(len, contents)) <= MOST_BYTES
    assert not [data for data in contents if canary.encode() in data or b"root:" in data]
    for one in artifacts:
        json.dumps(one["name"], ensure_ascii=False).encode()
        assert not one["name"].startswith("/")
        assert ".." not in one["name"].split("/")


def test_health_answers_throughout(campaign: Campaign) -> None:
    assert campaign.health.failed == []
    assert campaign.health.answered > 0


def test_no_process_survives(campaign: Campaign) -> None:
    before, after = campaign.processes
    assert len(after) <= len(before)


def test_no_mount_and_no_file_is_left(campaign: Campaign) -> None:
    assert campaign.mounts[0] == campaign.mounts[1]
    assert campaign.temporary == []


def test_nobody_was_called_and_nothing_listens(campaign: Campaign) -> None:
    assert campaign.target.silence.heard() == []
    assert campaign.target.listening() == {campaign.target.process.port}
