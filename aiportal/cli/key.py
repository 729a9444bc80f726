"""`aiportal key …`: API keys."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from aiportal.accounts import ApiKey
from aiportal.cli.output import json_option, say, show
from aiportal.cli.running import run
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["key"]

PAGE = 200


class _Duration(click.ParamType[timedelta]):
    """`90d`, `12h` or `30m` as a timedelta."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        match = re.fullmatch(r"([1-9][0-9]{0,4})([dhm])", str(value))
        if match is None:
            self.fail(f"{value!r} is not a duration: write 90d, 12h or 30m.", param, ctx)
        unit = {"d": "days", "h": "hours", "m": "minutes"}[match[2]]
        return timedelta(**{unit: int(match[1])})


@click.group()
def key() -> None:
    """Make and revoke API keys."""


@key.command()
@click.option("--user", "username", default="admin", show_default=True, help="Whose key it is.")
@click.option("--name", required=True, help="What it is for, to tell keys apart.")
@click.option("--expires", type=_Duration(), help="After how long it ends: 90d, 12h, 30m.")
@click.option("--models", help="Ids of the only models it may use, separated by commas.")
@json_option
def create(
    username: str, name: str, expires: timedelta | None, models: str | None, *, as_json: bool
) -> None:
    """Make a key and print it, alone on standard output. It is shown only this once."""
    allowed = [model.strip() for model in models.split(",")] if models else None
    ends = datetime.now(UTC) + expires if expires else None
    made, secret = run(
        lambda portal, operator: portal.keys.create(
            operator, name=name, username=username, expires_at=ends, models=allowed
        )
    )
    say(secret, {"key": secret, "id": made.id}, as_json=as_json)


@key.command("list")
@click.option("--user", "username", default="admin", show_default=True, help="Whose keys.")
@json_option
def list_keys(username: str, *, as_json: bool) -> None:
    """List a user's keys, newest first; the keys themselves are not kept and cannot be shown."""
    found = run(lambda portal, operator: _all_keys(portal, operator, username))
    columns = ("id", "name", "hint", "models", "created_at", "expires_at", "last_used_at")
    rows = [{column: getattr(one, column) for column in columns} for one in found]
    show(rows, as_json=as_json, empty=f"{username} has no keys.")


@key.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """End the key with the id KEY_ID (see `aiportal key list`) for good, whoever has it."""
    run(lambda portal, operator: portal.keys.revoke(operator, key_id, any_owner=True))
    click.echo(f"{key_id} is revoked.")


async def _all_keys(portal: Portal, operator: Principal, username: str) -> list[ApiKey]:
    found: list[ApiKey] = []
    while page := await portal.keys.list(
        operator, limit=PAGE, after=found[-1].id if found else None, username=username
    ):
        found += page
    return found
