"""Whether a draft is Python, looked at where it can do no harm."""

import pytest

from aiportal.tools import source_check
from aiportal.tools.source_check import MAX_DRAFT_BYTES, SourceCheck, fault_in_child, fault_of


@pytest.mark.parametrize("check", [fault_of, fault_in_child])
def test_both_say_the_same(check: SourceCheck) -> None:
    assert check("a = 'é'\n".encode()) is None
    assert check(b"\ndef run(:\n") == ("line 2", "is not Python: invalid syntax")
    fault = check(b"a\0b")
    assert fault is not None
    assert "null bytes" in fault[1]


def test_a_draft_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    fault = fault_in_child(b"#" * (MAX_DRAFT_BYTES + 1))
    assert fault is not None
    assert "at most 262144" in fault[1]
    monkeypatch.setattr(source_check, "TIMEOUT_S", 0.001)
    assert fault_in_child(b"a") == ("", "takes more than 0 seconds to compile; make it simpler")
