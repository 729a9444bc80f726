"""What is worth another try after a failure, when, and how often."""

import math
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

from aiportal.errors import (
    ModelUnavailable,
    PortalError,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from aiportal.registry import Retries

__all__ = ["Remedy", "pause_s", "remedy", "retry_after_s", "tries_worth"]

MAX_TRIES = 12
AIMED_AT = (
    0.999  # the rate of success that tries at a deployment which fails now and then add up to
)
_OWN_TROUBLE = frozenset({401, 403, 404})  # the portal's key or address: another try meets it again


class Remedy(Enum):
    """Where another try makes sense."""

    NOWHERE = "nowhere"  # the request itself is at fault
    OTHER_MODEL = "other model"  # too long for this model
    ELSEWHERE = "elsewhere"  # another deployment, or another model
    ANYWHERE = "anywhere"  # also the same deployment, after a pause


def remedy(error: PortalError, retries: Retries) -> Remedy:
    """What to do about a failure before the first byte.

    A 429 is never slept through, nor is a `Retry-After` longer than `retries.max_delay_s`.
    """
    if error.code == "context_length_exceeded":
        return Remedy.OTHER_MODEL
    if isinstance(error, UpstreamRejected):
        return Remedy.NOWHERE
    if isinstance(error, ModelUnavailable):
        return Remedy.OTHER_MODEL
    if not isinstance(error, UpstreamError):
        return Remedy.NOWHERE
    wanted_s = retry_after_s(error.retry_after)
    if (
        isinstance(error, UpstreamRateLimited)
        or error.upstream_status in _OWN_TROUBLE
        or (isinstance(error, UpstreamTimeout) and error.upstream_status is None)
        or (wanted_s is not None and wanted_s > retries.max_delay_s)
    ):
        return Remedy.ELSEWHERE
    return Remedy.ANYWHERE


def retry_after_s(value: str | None) -> float | None:
    """Seconds of a `Retry-After` header (RFC 9110, 10.2.3: seconds or a date); None for neither."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def pause_s(retries: Retries, number: int, error: UpstreamError) -> float:
    """Seconds before try `number` (from 0): doubled each time, with full jitter, at least what was asked.

    Full jitter: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    bound_s = min(retries.max_delay_s, retries.base_delay_s * 2**number)
    jittered_s = random.uniform(0, bound_s)  # noqa: S311 - no secret
    return max(jittered_s, retry_after_s(error.retry_after) or 0.0)


def tries_worth(retries: Retries, success_rate: float | None) -> int:
    """How often to try again, given which part of a deployment's recent calls went well.

    One that fails now and then is asked often enough for 99.9 % of calls to succeed; one that
    has only failed of late, no more often than the config says. 0 attempts there means never.
    """
    if not retries.attempts or not success_rate:
        return retries.attempts
    if success_rate >= AIMED_AT:
        return retries.attempts
    needed = math.ceil(math.log(1 - AIMED_AT) / math.log(1 - success_rate)) - 1
    return max(retries.attempts, min(needed, MAX_TRIES))
