"""The clock and the echo."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tools.shipped.controllers import load


def tell(**parameters: Any) -> dict[str, Any]:
    return dict(load("current-time").run(parameters))


def test_now_is_now() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    told = tell()
    assert before <= datetime.fromisoformat(told["iso"]) <= datetime.now(UTC)
    assert (told["timezone"], told["utc_offset"]) == ("UTC", "+00:00")


def test_an_instant_is_told_in_full() -> None:
    told = tell(timezone="Europe/Berlin", time="2026-07-01T12:30:00Z", format="%d %B %Y")
    assert told["iso"] == "2026-07-01T14:30:00+02:00"
    assert told["utc"] == "2026-07-01T12:30:00Z"
    assert (told["weekday"], told["week"], told["day_of_year"]) == ("Wednesday", "2026-W27", 182)
    assert (told["abbreviation"], told["is_summer_time"]) == ("CEST", True)
    assert (told["unix"], told["formatted"]) == (1_782_909_000, "01 July 2026")


@pytest.mark.parametrize(
    ("name", "offset"),
    [
        ("Tokyo", "+09:00"),
        ("new york", "-05:00"),
        ("europe/berlin", "+01:00"),
        ("Mumbai", "+05:30"),
        ("+05:30", "+05:30"),
        ("UTC-8", "-08:00"),
        ("utc", "+00:00"),
        ("CET", "+01:00"),
    ],
)
def test_a_zone_may_be_a_name_a_city_or_an_offset(name: str, offset: str) -> None:
    assert tell(timezone=name, time="2026-01-15T12:00")["utc_offset"] == offset


def test_one_instant_is_told_in_several_zones() -> None:
    told = tell(timezone="Berlin", time="2026-03-02T15:00", convert_to=["New York", "Kolkata"])
    assert [one["iso"] for one in told["converted"]] == [
        "2026-03-02T09:00:00-05:00",
        "2026-03-02T19:30:00+05:30",
    ]


@pytest.mark.parametrize(
    ("time", "amounts", "expected"),
    [
        ("2026-01-31", {"months": 1}, "2026-02-28T00:00:00+01:00"),
        ("2024-02-29", {"years": 1}, "2025-02-28T00:00:00+01:00"),
        ("2026-01-15", {"months": -2, "days": -14}, "2025-11-01T00:00:00+01:00"),
        ("2026-03-28T12:00", {"days": 1}, "2026-03-29T12:00:00+02:00"),
        ("2026-03-28T12:00", {"hours": 24}, "2026-03-29T13:00:00+02:00"),
        ("1767225600", {"weeks": 1}, "2026-01-08T01:00:00+01:00"),
        ("1767225600000", {}, "2026-01-01T01:00:00+01:00"),
    ],
)
def test_days_are_of_the_calendar_and_hours_pass(
    time: str, amounts: dict[str, int], expected: str
) -> None:
    assert tell(timezone="Europe/Berlin", time=time, add=amounts)["iso"] == expected


def test_the_time_between_two_instants() -> None:
    told = tell(time="2026-01-01", until="2026-01-03T12:30")["until"]
    assert (told["seconds"], told["calendar_days"]) == (217_800, 2)
    assert told["text"] == "2 days, 12 hours, 30 minutes"
    back = tell(time="2026-01-03", until="2026-01-01")["until"]
    assert (back["days"], back["text"]) == (-2, "-2 days")
    past = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    assert tell(time=past, until="now")["until"]["calendar_days"] == 2


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"timezone": "Europe/Berln"}, "Did you mean Europe/Berlin"),
        ({"timezone": "../etc/passwd"}, "no time zone"),
        ({"timezone": "+25:00"}, "no offset"),
        ({"time": "yesterday"}, "no instant"),
        ({"time": "2026-13-01"}, "no instant"),
        ({"until": "soon"}, "no instant"),
        ({"add": {"years": 9000}}, "years 1 to 9999"),
        ({"add": {"days": 10**12}}, "years 1 to 9999"),
    ],
)
def test_what_cannot_be_read_is_explained(parameters: dict[str, Any], words: str) -> None:
    with pytest.raises(Exception, match=words) as raised:
        tell(**parameters)
    assert type(raised.value).__name__ == "ToolError"


def test_the_echo_returns_what_it_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("abc")
    monkeypatch.chdir(tmp_path)
    told = load("test-tool").run({"message": "Hi", "list": [1, None]})
    assert (told["success"], told["message"]) == (True, "Hi")
    assert told["parameters"] == {"message": "Hi", "list": [1, None]}
    assert told["files"] == {"a.txt": 3}
    assert load("test-tool").run({})["message"] == "Hello"
