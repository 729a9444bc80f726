"""Times of files: seconds, or finer, since 1970, or ISO text."""

from datetime import UTC, datetime, timedelta
from typing import Final

from aiportal.chat.imports.foreign import quoted
from aiportal.errors import InvalidRequest
from aiportal.timestamps import to_text

__all__ = ["moment_text"]

_FIRST: Final = datetime(1980, 1, 1, tzinfo=UTC)
_AHEAD: Final = timedelta(days=1)  # by so much another machine's clock may be wrong
_EXACTNESSES: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))  # nano-, micro-, milliseconds


def moment_text(value: object) -> str | None:
    """The time as it is stored, None for no time (also 0). Raises InvalidRequest for none that was.

    What lies up to a day ahead becomes the present.
    """
    if value is None or value in (0, ""):
        return None
    moment = _moment(value)
    now = datetime.now(UTC)
    if moment is None or not _FIRST <= moment <= now + _AHEAD:
        raise InvalidRequest(f"The time {quoted(value)} is none that can have been.")
    return to_text(min(moment, now))


def _moment(value: object) -> datetime | None:
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        divisor = next((by for least, by in _EXACTNESSES if value >= least), 1.0)
        return datetime.fromtimestamp(value / divisor, UTC)
    except (ValueError, OverflowError, OSError):
        return None
