"""Moments as the database keeps them: ISO text in UTC, which sorts by time."""

from datetime import UTC, datetime, timedelta

from aiportal.errors import InvalidRequest

__all__ = ["from_text", "now_text", "to_text"]


def now_text(*, plus_s: float = 0) -> str:
    """The present moment, `plus_s` seconds later."""
    moment = datetime.now(UTC)
    if plus_s:
        moment += timedelta(seconds=plus_s)
    return moment.isoformat(timespec="milliseconds")


def to_text(moment: datetime) -> str:
    """Milliseconds, UTC. Raises InvalidRequest without a time zone and beyond the year 9999."""
    if moment.tzinfo is None:
        raise InvalidRequest(f"{moment.isoformat()} has no time zone. Add `Z` or an offset.")
    try:
        return moment.astimezone(UTC).isoformat(timespec="milliseconds")
    except OverflowError as error:
        raise InvalidRequest(f"{moment.isoformat()} is outside of what a date can be.") from error


def from_text(text: str) -> datetime:
    """The moment that `to_text` wrote."""
    return datetime.fromisoformat(text)
