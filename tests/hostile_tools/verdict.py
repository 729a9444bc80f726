"""What must hold for every case."""

import base64
import json

from tests.hostile_tools.case import ANYTHING, Case
from tests.hostile_tools.target import Answered

__all__ = ["check"]

FIELDS = {"success", "result", "error", "stdout", "stderr", "durationMs", "truncated", "artifacts"}
MOST_ARTIFACTS, MOST_BYTES = 20, 5 * 1024**2
LONGEST_TYPE, LONGEST_MESSAGE = 100, 4000


def check(case: Case, answered: Answered, canary: str) -> None:
    """Nothing has leaked, the answer is one of ours, and the next caller was served."""
    answer = answered.answer
    assert answered.status == 200, answered.text[:500]
    assert set(answer) <= FIELDS
    assert canary not in answered.text, case.name
    _check_artifacts(answer["artifacts"], canary)
    if answer["success"]:
        assert case.done, case.name + answered.text[:500]
        assert case.result is ANYTHING or answer["result"] == case.result, answered.text[:500]
    else:
        kind, message = answer["error"]["type"], answer["error"]["message"]
        assert kind in case.failures, case.name + answered.text[:500]
        assert len(kind) <= LONGEST_TYPE
        assert len(message) <= LONGEST_MESSAGE
    assert answered.next_result == 42, case.name


def _check_artifacts(artifacts: list[dict[str, str]], canary: str) -> None:
    contents = [base64.b64decode(one["data"]) for one in artifacts]
    assert len(contents) <= MOST_ARTIFACTS
    assert sum(map(len, contents)) <= MOST_BYTES
    assert not [data for data in contents if canary.encode() in data or b"root:" in data]
    for one in artifacts:
        json.dumps(one["name"], ensure_ascii=False).encode()
        assert not one["name"].startswith("/")
        assert ".." not in one["name"].split("/")
