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
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from aiportal.registry import Retries

__all__ = ["Remedy", "pause_s", "remedy", "retry_after_s", "tries_worth"]

MAX_TRIES = 13
# The rate of success that tries at a deployment which fails now and then add up to.
AIMED_AT = 0.9999
TOO_RARE = 0.25  # a rate of success below which more tries would be a burden and little help
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
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def pause_s(retries: Retries, number: int, error: UpstreamError) -> float:
    """Seconds before try `number` (from 0): doubled each time, with full jitter, at least what was asked.

    Full jitter: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    What a deployment that is not asked again wants counts for nothing.
    """
    bound_s = min(retries.max_delay_s, retries.base_delay_s * 2**number)
    jittered_s = random.uniform(0, bound_s)  # noqa: S311 - no secret
    wanted_s = retry_after_s(error.retry_after)
    if wanted_s is None or remedy(error, retries) is not Remedy.ANYWHERE:
        return jittered_s
    return max(jittered_s, wanted_s)


def tries_worth(retries: Retries, success_rate: float, error: UpstreamError) -> int:
    """How often to try again, given which part of a deployment's recent calls went well.

    One that fails now and then is asked often enough for 99.99 % of calls to succeed; one that is
    overloaded or fails nearly always, no more often than the config says. 0 attempts there means never.
    """
    is_hopeful = TOO_RARE <= success_rate < AIMED_AT and not isinstance(error, UpstreamOverloaded)
    if not retries.attempts or not is_hopeful:
        return retries.attempts
    needed = math.ceil(math.log(1 - AIMED_AT) / math.log(1 - success_rate)) - 1
    return max(retries.attempts, min(needed, MAX_TRIES))
