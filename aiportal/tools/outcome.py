"""What a tool is to its callers: what is offered, and what came of a call."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiportal.registry import Confidential
from aiportal.sandbox import Artifact, Failure, with_texts

__all__ = ["OfferedTool", "ToolOutcome", "struck_outcome"]


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A tool that a caller may use now.

    function_name: the id as a model can say it (letters, digits, `_` and `-`, at most 64).
    parameters: JSON Schema of an object.
    needs_approval: a person has to agree to each call.
    examples: questions and the parameters of the call that they ask for, for models that are shown how.
    is_confined: it runs in the sandbox, so that it changes nothing of the machine.
    reaches_out: it may ask the web, or another server.
    """

    id: str
    function_name: str
    name: str
    description: str
    parameters: Mapping[str, Any]
    needs_approval: bool
    examples: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    is_confined: bool = True
    reaches_out: bool = False


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """How a call of a tool ended: a result (any JSON value) or a failure, and what came beside it."""

    tool_id: str
    result: Any
    failure: Failure | None
    duration_ms: float
    stdout: str = ""
    stderr: str = ""
    is_truncated: bool = False
    artifacts: tuple[Artifact, ...] = ()


def struck_outcome(outcome: ToolOutcome, confidential: Confidential) -> ToolOutcome:
    """Without what is confidential, however the program came by it, its files included."""
    if not confidential.words:
        return outcome
    strike, failure = confidential.strike, outcome.failure
    return replace(
        outcome,
        result=with_texts(outcome.result, strike),
        failure=failure and Failure(strike(failure.type), strike(failure.message)),
        stdout=strike(outcome.stdout),
        stderr=strike(outcome.stderr),
        artifacts=tuple(
            Artifact(strike(one.name), one.mime, confidential.strike_bytes(one.data))
            for one in outcome.artifacts
        ),
    )
