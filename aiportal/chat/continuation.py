"""Going on with an answer that broke off."""

from dataclasses import replace

from aiportal.chat.messages import Message
from aiportal.errors import Conflict, InvalidRequest
from aiportal.events import UsageReported

__all__ = ["INSTRUCTION", "check_broken_off", "is_broken_off", "total_usage"]

INSTRUCTION = (
    "Your last message broke off before its end. Go on exactly where it stops, in the middle of a "
    "word if need be, as if it had never stopped. Repeat nothing of it, and say nothing about this."
)
"""What the model is asked, after its own partial answer."""

_BROKEN_OFF = frozenset({"interrupted", "cancelled", "error"})


def is_broken_off(message: Message) -> bool:
    """True for an answer that has a beginning and no end.

    It was interrupted or cancelled, it failed in the middle, or it reached its greatest length.
    """
    is_cut = message.status == "done" and message.finish_reason == "length"
    return (
        message.role == "assistant"
        and message.content != ""
        and (is_cut or message.status in _BROKEN_OFF)
    )


def check_broken_off(message: Message) -> None:
    """Raises InvalidRequest for what is no answer to go on with, Conflict while it is written."""
    if message.status == "running":
        raise Conflict(
            f"The turn {message.turn_id!r} is still writing this answer. "
            "Wait for its end or cancel it, then go on with it.",
            code="turn_running",
        )
    if is_broken_off(message):
        return
    if message.role == "user":
        reason = "it is a question: send it as `parent_id` to have it answered"
    elif message.content == "":
        reason = "it has no text: send its question as `parent_id` to have that answered once more"
    else:
        reason = "it is complete: ask for more with a question of its own"
    raise InvalidRequest(
        f"The message {message.id!r} cannot be gone on with, because {reason}.",
        param="continue_id",
    )


def total_usage(before: UsageReported | None, now: UsageReported | None) -> UsageReported | None:
    """What all calls for one answer used; request, model and deployment are the last one's."""
    if before is None or now is None:
        return now or before
    return replace(
        now,
        prompt_tokens=before.prompt_tokens + now.prompt_tokens,
        completion_tokens=before.completion_tokens + now.completion_tokens,
        cached_tokens=before.cached_tokens + now.cached_tokens,
        reasoning_tokens=before.reasoning_tokens + now.reasoning_tokens,
        cost_usd=before.cost_usd + now.cost_usd,
        is_estimated=before.is_estimated or now.is_estimated,
        ttft_ms=now.ttft_ms if before.ttft_ms is None else before.ttft_ms,
        latency_ms=before.latency_ms + now.latency_ms,
        calls=before.calls + now.calls,
    )
