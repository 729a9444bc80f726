"""The trial by faults works; its times are not judged here."""

from pathlib import Path

import pytest

from tests.performance.faults import run_faults
from tests.performance.report import as_table


@pytest.mark.timeout(180)
def test_calls_succeed_though_all_deployments_misbehave(tmp_path: Path) -> None:
    findings = run_faults(tmp_path, seconds=3, rate=30)

    found = {finding.name: finding for finding in findings}
    assert found["calls that succeed"].value >= 95, as_table(findings)
    served_again = [one for name, one in found.items() if "serves again" in name]
    assert all(one.value < float("inf") for one in served_again), as_table(findings)
    assert "cooling" in found["status of what refuses, with the faults"].detail
