"""Tells the time: now or another instant, in any zone, with sums and differences."""

import calendar
import difflib
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

__all__ = ["ToolError", "run"]

OFFSET = re.compile(r"(?:UTC|GMT|Z)?\s*([+-])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
TIMESTAMP = re.compile(r"-?\d{9,13}(?:\.\d+)?")
MILLISECONDS_FROM = 1e11
ZONES = {
    "bangalore": "Asia/Kolkata",
    "beijing": "Asia/Shanghai",
    "cet": "Europe/Paris",
    "delhi": "Asia/Kolkata",
    "et": "America/New_York",
    "gmt": "UTC",
    "mumbai": "Asia/Kolkata",
    "munich": "Europe/Berlin",
    "new delhi": "Asia/Kolkata",
    "pt": "America/Los_Angeles",
    "san francisco": "America/Los_Angeles",
    "seattle": "America/Los_Angeles",
    "utc": "UTC",
    "washington": "America/New_York",
    "z": "UTC",
}


class ToolError(Exception):
    """An instant or a zone cannot be read; the message says which and how to write it."""

    is_told = True


def run(parameters: dict[str, Any]) -> dict[str, Any]:
    """The instant in the zone, with what else was asked for. Raises ToolError in words."""
    name = parameters.get("timezone") or "UTC"
    zone = _zone(name)
    moment = _moment(parameters["time"], zone) if parameters.get("time") else datetime.now(zone)
    moment = _added(moment, parameters.get("add") or {})
    told = _told(moment, zone)
    if parameters.get("format"):
        told["formatted"] = _formatted(moment, parameters["format"])
    if parameters.get("convert_to"):
        told["converted"] = [
            _told(moment.astimezone(other), other) for other in map(_zone, parameters["convert_to"])
        ]
    if parameters.get("until"):
        told["until"] = _difference(moment, _moment(parameters["until"], zone))
    return told


def _told(moment: datetime, zone: tzinfo) -> dict[str, Any]:
    offset = moment.utcoffset() or timedelta()
    year, week, _ = moment.isocalendar()
    return {
        "iso": moment.isoformat(timespec="seconds"),
        "date": moment.strftime("%Y-%m-%d"),
        "time": moment.strftime("%H:%M:%S"),
        "weekday": calendar.day_name[moment.weekday()],
        "timezone": str(zone),
        "abbreviation": moment.tzname(),
        "utc_offset": moment.strftime("%z")[:3] + ":" + moment.strftime("%z")[3:5],
        "is_summer_time": bool(moment.dst()) if offset else False,
        "utc": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "unix": int(moment.timestamp()),
        "week": f"{year}-W{week:02d}",
        "day_of_year": moment.timetuple().tm_yday,
    }


def _zone(name: Any) -> tzinfo:
    """The zone of an IANA name, a city, or an offset from UTC."""
    if not isinstance(name, str) or not name.strip():
        raise ToolError("A time zone is a name such as Europe/Berlin.")
    text = " ".join(name.split())
    if found := OFFSET.fullmatch(text):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if minutes > 14 * 60:
            raise ToolError(f"{name!r} is no offset from UTC: they go from -12:00 to +14:00.")
        return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
    key = ZONES.get(text.lower(), text)
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(_by_city(text))


def _by_city(text: str) -> str:
    """The IANA name that is written like that, or ends in such a city."""
    known = available_timezones()
    plain = text.lower().replace(" ", "_")
    for one in sorted(known):
        if one.lower() == plain or one.lower().rpartition("/")[2] == plain:
            return one
    cities = {one.rpartition("/")[2].lower(): one for one in known}
    near = difflib.get_close_matches(plain.rpartition("/")[2], cities, n=3, cutoff=0.6)
    hint = f" Did you mean {', '.join(cities[one] for one in near)}?" if near else ""
    raise ToolError(
        f"There is no time zone {text!r}.{hint} Give an IANA name such as Europe/Berlin, "
        "a large city, or an offset such as +02:00."
    )


def _moment(text: Any, zone: tzinfo) -> datetime:
    """An instant as ISO 8601 or a Unix timestamp; without an offset it is local in the zone."""
    words = str(text).strip()
    try:
        if words.lower() == "now":
            return datetime.now(zone)
        if TIMESTAMP.fullmatch(words):
            seconds = float(words)
            seconds = seconds / 1000 if abs(seconds) >= MILLISECONDS_FROM else seconds
            return datetime.fromtimestamp(seconds, zone)
        moment = datetime.fromisoformat(words)
    except (ValueError, OverflowError, OSError) as exc:
        raise ToolError(
            f"{words[:60]!r} is no instant. Write it as 2026-03-01, 2026-03-01T09:00 or "
            "2026-03-01T09:00+02:00, or as a Unix timestamp."
        ) from exc
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


def _added(moment: datetime, amounts: dict[str, Any]) -> datetime:
    """Years, months, weeks and days by the calendar; shorter times as they pass."""
    try:
        months = int(amounts.get("years", 0)) * 12 + int(amounts.get("months", 0))
        if months:
            year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
            day = min(moment.day, calendar.monthrange(year, month + 1)[1])
            moment = moment.replace(year=year, month=month + 1, day=day)
        moment += timedelta(weeks=amounts.get("weeks", 0), days=amounts.get("days", 0))
        passing = timedelta(
            **{unit: amounts.get(unit, 0) for unit in ("hours", "minutes", "seconds")}
        )
        return (moment.astimezone(UTC) + passing).astimezone(moment.tzinfo)
    except (OverflowError, ValueError, calendar.IllegalMonthError) as exc:
        raise ToolError("That is outside of the years 1 to 9999.") from exc


def _formatted(moment: datetime, pattern: Any) -> str:
    try:
        return moment.strftime(str(pattern))
    except ValueError as exc:
        raise ToolError(f"{pattern!r} is no format: use codes such as %Y-%m-%d %H:%M.") from exc


def _difference(first: datetime, second: datetime) -> dict[str, Any]:
    seconds = second.timestamp() - first.timestamp()
    whole = int(abs(seconds))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    pieces = ((days, "day"), (hours, "hour"), (minutes, "minute"), (left, "second"))
    words = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in pieces if count]
    return {
        "iso": second.isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "days": round(seconds / 86_400, 6),
        "calendar_days": (second.date() - first.date()).days,
        "text": f"{'-' if seconds < 0 else ''}{', '.join(words) or '0 seconds'}",
    }
