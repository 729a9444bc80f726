"""Chats are grouped by the reader's own days."""

from datetime import UTC, datetime, timedelta

import pytest

from pages.components import HistoryRow, row_groups

NOW = datetime(2025, 11, 23, 1, 30, tzinfo=UTC)


def _groups(*ages: timedelta, minutes_east: int = 0) -> list[tuple[str, int]]:
    rows = [HistoryRow(f"conv_{n}", "x", NOW - age) for n, age in enumerate(ages)]
    groups = row_groups(rows, now=NOW, minutes_east=minutes_east)
    return [(group.name, len(group.rows)) for group in groups]


def test_groups_go_from_today_to_older_months_and_none_is_empty() -> None:
    ages = [timedelta(minutes=1), timedelta(days=1), timedelta(days=7), timedelta(days=8)]

    assert _groups(*ages) == [
        ("Today", 1),
        ("Yesterday", 1),
        ("Previous 7 days", 1),
        ("November", 1),
    ]
    assert _groups(timedelta(days=40), timedelta(days=400), timedelta(days=401)) == [
        ("October", 1),
        ("October 2024", 2),
    ]
    assert _groups() == []


def test_pinned_rows_stand_first_in_a_group_of_their_own() -> None:
    rows = [
        HistoryRow("conv_1", "new", NOW),
        HistoryRow("conv_2", "old", NOW - timedelta(days=90), is_pinned=True),
    ]
    groups = row_groups(rows, now=NOW, minutes_east=0)

    assert [(group.name, len(group.rows)) for group in groups] == [("Pinned", 1), ("Today", 1)]


@pytest.mark.parametrize(
    ("minutes_east", "name"), [(0, "Yesterday"), (-300, "Today"), (60, "Yesterday")]
)
def test_days_are_those_of_the_readers_time_zone(minutes_east: int, name: str) -> None:
    assert _groups(timedelta(hours=3), minutes_east=minutes_east) == [(name, 1)]


def test_a_clock_that_runs_ahead_is_today() -> None:
    assert _groups(timedelta(days=-2)) == [("Today", 1)]
