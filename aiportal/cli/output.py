"""What a command writes: a table for people, or JSON for machines."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

__all__ = ["json_option", "plain", "say", "show"]

json_option = click.option("--json", "as_json", is_flag=True, help="JSON for machines.")


def show(rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """Rows with the same columns, as a table or as a JSON array; `empty` is said for none."""
    if as_json:
        click.echo(_json(rows))
    elif not rows:
        click.echo(empty)
    else:
        _table(rows)


def say(sentence: str, facts: Mapping[str, Any], *, as_json: bool) -> None:
    """What a command did: `sentence` for people, or `facts` as a JSON object."""
    click.echo(_json(facts) if as_json else sentence)


def _table(rows: Sequence[Mapping[str, Any]]) -> None:
    columns = list(rows[0])
    cells = [columns, *([_cell(row[column]) for column in columns] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _cell(value: object) -> str:
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone().strftime("%Y-%m-%d %H:%M")
        case list() | tuple():
            return ",".join(map(str, value))
        case _:
            return plain(str(value))


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=_json_value)


def _json_value(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def plain(text: str) -> str:
    """`text` without control characters other than line feed and tab: a terminal would obey them."""
    return "".join(
        character
        for character in text
        if character in "\n\t" or unicodedata.category(character) != "Cc"
    )
