"""`aiportal group …`: groups of users."""

from collections.abc import Sequence
from typing import Any

import click

from aiportal.accounts import Group
from aiportal.cli.output import json_option, say, show
from aiportal.cli.running import run
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["group"]

PAGE = 100
COLUMNS = ("name", "members", "created_at", "id")


@click.group()
def group() -> None:
    """Make and manage groups of users."""


@group.command()
@click.argument("name")
@click.argument("users", nargs=-1)
@json_option
def create(name: str, users: Sequence[str], *, as_json: bool) -> None:
    """Make the group NAME of USERS. `access.groups` of models and tools may name it then."""
    made = run(lambda portal, operator: portal.groups.create(operator, name=name, members=users))
    say(f"Made the group {made.name}, {_count(made)}.", _row(made), as_json=as_json)


@group.command("list")
@json_option
def list_groups(*, as_json: bool) -> None:
    """List all groups with their members."""
    rows = [_row(one) for one in run(_all_groups)]
    show(rows, as_json=as_json, empty="There are no groups yet. `aiportal group create` makes one.")


@group.command()
@click.argument("name")
@click.argument("users", nargs=-1, required=True)
def add(name: str, users: Sequence[str]) -> None:
    """Take USERS into the group NAME."""
    changed = run(lambda portal, operator: _change(portal, operator, name, add=users))
    click.echo(f"{changed.name} has {_count(changed)} now.")


@group.command()
@click.argument("name")
@click.argument("users", nargs=-1, required=True)
def remove(name: str, users: Sequence[str]) -> None:
    """Take USERS out of the group NAME: what it admitted them to is closed within seconds."""
    changed = run(lambda portal, operator: _change(portal, operator, name, remove=users))
    click.echo(f"{changed.name} has {_count(changed)} now.")


@group.command()
@click.argument("name")
def delete(name: str) -> None:
    """Remove the group NAME. Its members stay users."""
    run(lambda portal, operator: _delete(portal, operator, name))
    click.echo(f"The group {name} is deleted.")


def _count(group: Group) -> str:
    number = len(group.members)
    return "1 member" if number == 1 else f"{number:,} members"


def _row(group: Group) -> dict[str, Any]:
    return {column: getattr(group, column) for column in COLUMNS}


async def _change(
    portal: Portal, operator: Principal, name: str, **changes: Sequence[str]
) -> Group:
    found = await portal.groups.by_name(operator, name)
    return await portal.groups.change(
        operator, found.id, add=changes.get("add", ()), remove=changes.get("remove", ())
    )


async def _delete(portal: Portal, operator: Principal, name: str) -> None:
    found = await portal.groups.by_name(operator, name)
    await portal.groups.delete(operator, found.id)


async def _all_groups(portal: Portal, operator: Principal) -> list[Group]:
    found: list[Group] = []
    while page := await portal.groups.list(
        operator, limit=PAGE, after=found[-1].id if found else None
    ):
        found += page
    return found
