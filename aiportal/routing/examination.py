"""Whether an unstreamed answer is one, and what it used."""

from typing import Any

import orjson

from aiportal.dialects.operations import ANSWER_KEYS, MESSAGES, Operation
from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import UpstreamError
from aiportal.registry import Confidential
from aiportal.routing.upstreams.failures import (
    failure_from_error_object,
    failure_from_provider,
)

__all__ = ["examine"]

_SPOKEN = frozenset({"choices", "content"})  # what is made of tokens


def examine(
    body: bytes, operation: Operation, *, confidential: Confidential
) -> tuple[TokenUsage | None, int]:
    """Usage, None where none was sent, and then the length of what was answered, for an estimate.

    confidential: of the deployment, struck from any error. Raises UpstreamError if it is no answer.
    """
    try:
        answer: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UpstreamError(
            "The provider of this model sent an answer that is not JSON.",
            code="upstream_protocol_error",
        ) from error
    key = ANSWER_KEYS[operation]
    if not isinstance(answer, dict) or not _holds(answer, key):
        if isinstance(answer, dict) and answer.get("error"):
            failure = failure_from_provider if operation == MESSAGES else failure_from_error_object
            raise failure(answer["error"], confidential=confidential)
        raise UpstreamError(
            f"The provider of this model sent an answer without `{key}`.",
            code="upstream_protocol_error",
        )
    if operation == MESSAGES:
        usage = TokenUsage.from_anthropic(answer.get("usage"))
    else:
        usage = TokenUsage.from_answer(answer)
    if usage is not None:
        return usage, 0
    return None, _length(answer[key]) if key in _SPOKEN else 0


def _length(said: Any) -> int:
    try:
        return len(orjson.dumps(said))
    except orjson.JSONEncodeError as error:
        raise UpstreamError(
            "The provider of this model sent an answer that is nested too deeply.",
            code="upstream_protocol_error",
        ) from error


def _holds(answer: dict[str, Any], key: str) -> bool:
    """A chat without choices says nothing; an empty list of other things may be meant."""
    found = answer.get(key)
    return isinstance(found, list) and (bool(found) or key != "choices")
