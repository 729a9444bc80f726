"""The bench itself works; its figures are not judged here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(180)
def test_the_bench_finds_every_answer_right_and_in_the_ledger(tmp_path: Path) -> None:
    """In a process of its own: LiteLLM, which a part of it measures, keeps connections that an earlier
    test's event loop opened, and uvloop would wait for their end for ever."""
    file = tmp_path / "findings.json"
    bench = [sys.executable, "-m", "tests.performance.bench", "--quick", "--json", str(file)]
    run = subprocess.run(bench, cwd=ROOT, timeout=170, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr

    findings = {finding["name"]: finding for finding in json.loads(file.read_text())}
    assert findings["first chunk before the second is sent"]["value"] == 1, run.stdout
    assert findings["usage rows = answers"]["value"] == 1, run.stdout
    assert findings["streams open at once, all ended well"]["is_met"], run.stdout
