"""The bench itself works; its figures are not judged here."""

from pathlib import Path

import pytest

from tests.performance.bench import run_bench
from tests.performance.report import as_table, missed


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> None:
    """Not watched here: LiteLLM, to which a part of the bench compares, looks for files at first."""


@pytest.mark.timeout(180)
def test_the_bench_finds_every_answer_right_and_in_the_ledger(tmp_path: Path) -> None:
    findings = run_bench(tmp_path, is_quick=True)

    table = as_table(findings)
    right = {finding.name: finding.value for finding in findings if finding.bound == 1}
    assert right == {"first chunk before the second is sent": 1, "usage rows = answers": 1}, table
    assert "streams open at once, all ended well" not in {each.name for each in missed(findings)}
