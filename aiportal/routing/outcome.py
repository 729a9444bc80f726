"""How a call ended, and what it may have used, where the upstream does not say."""

import asyncio

from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import PortalError

__all__ = ["CHARS_PER_TOKEN", "CLIENT_CLOSED_REQUEST", "ending", "estimated_usage"]

CHARS_PER_TOKEN = 4  # a usual figure for English text and current tokenizers
CLIENT_CLOSED_REQUEST = 499  # nginx's status for a caller that left


def estimated_usage(
    prompt_chars: int, answer_chars: int = 0, *, min_completion_tokens: int = 0
) -> TokenUsage:
    """Tokens by rule of thumb, rounded up."""
    return TokenUsage(
        prompt_tokens=-(-prompt_chars // CHARS_PER_TOKEN),
        completion_tokens=max(min_completion_tokens, -(-answer_chars // CHARS_PER_TOKEN)),
    )


def ending(error: BaseException | None) -> tuple[int, str | None]:
    """Status and error code of the row for a call that was left with this error, None for at will."""
    if error is None or isinstance(
        error, asyncio.CancelledError | GeneratorExit | KeyboardInterrupt
    ):
        return CLIENT_CLOSED_REQUEST, "cancelled"
    if isinstance(error, PortalError):
        return error.status, error.code
    return 500, "internal_error"
