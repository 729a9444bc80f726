"""What came of a call, without what may not be seen of it."""

from aiportal.sandbox import Artifact, Failure
from aiportal.tools.broker import confidential_of
from aiportal.tools.outcome import ToolOutcome, struck_outcome

SECRET = "XYZ/12+34"


def test_a_secret_is_struck_out_of_all_that_came_of_a_call() -> None:
    outcome = ToolOutcome(
        "tool",
        {SECRET: [f"<{SECRET}>", 1, None]},
        Failure(SECRET, f"no {SECRET}"),
        1.0,
        stdout=SECRET,
        stderr=SECRET,
        artifacts=(Artifact(SECRET, "text/plain", SECRET.encode() + b"\xff"),),
    )
    struck = struck_outcome(outcome, confidential_of({"KEY": SECRET}))
    assert "XYZ" not in repr(struck) + str(struck.artifacts[0].data)
    assert struck.result == {"[key]": ["<[key]>", 1, None]}
    assert struck.artifacts == (Artifact("[key]", "text/plain", b"[key]\xff"),)
    assert struck_outcome(outcome, confidential_of({})) is outcome
