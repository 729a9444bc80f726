"""`aiportal user …`: accounts."""

from typing import Any

import click

from aiportal.accounts import User
from aiportal.api.addresses import sign_in_url, url_of
from aiportal.cli.output import json_option, say, show
from aiportal.cli.running import load_settings, read_secret, run
from aiportal.portal import Portal
from aiportal.principal import Principal, Role

__all__ = ["user"]

ROLES = click.Choice(["admin", "user", "pending"])
PAGE = 200
COLUMNS = ("username", "role", "email", "name", "is_disabled", "created_at", "id")


@click.group()
def user() -> None:
    """Make and manage accounts."""


@user.command()
@click.argument("name")
@click.option("--role", type=ROLES, default="user", show_default=True)
@click.option("--email", help="For signing in instead of the name.")
@click.option("--full-name", help="How the web app greets them.")
@click.option(
    "--password", "with_password", is_flag=True, help="Ask for one; else a link signs in."
)
@json_option
def create(
    name: str,
    role: Role,
    email: str | None,
    full_name: str | None,
    *,
    with_password: bool,
    as_json: bool,
) -> None:
    """Make the account NAME. Without a password, `aiportal user link NAME` signs them in."""
    password = read_secret("Password") if with_password else None
    made = run(
        lambda portal, operator: portal.users.create(
            operator, username=name, password=password, role=role, email=email, name=full_name
        )
    )
    say(f"Made {made.role} {made.username}.", _row(made), as_json=as_json)


@user.command("list")
@json_option
def list_users(*, as_json: bool) -> None:
    """List all accounts."""
    rows = [_row(one) for one in run(_all_users)]
    show(rows, as_json=as_json, empty="There are no users yet.")


@user.command("set-role")
@click.argument("name")
@click.argument("role", type=ROLES)
def set_role(name: str, role: Role) -> None:
    """Give the account NAME another role."""
    run(lambda portal, operator: portal.users.set_role(operator, name, role))
    click.echo(f"{name} is now {role}.")


@user.command("set-password")
@click.argument("name")
def set_password(name: str) -> None:
    """Set the password of NAME, asked for here or read from a line of standard input."""
    password = read_secret("New password")
    run(lambda portal, operator: portal.users.set_password(operator, name, password))
    click.echo(f"The password of {name} is set. Their sessions have ended.")


@user.command()
@click.argument("name")
def disable(name: str) -> None:
    """Shut NAME out: sessions and keys stop working within seconds; nothing is deleted."""
    run(lambda portal, operator: portal.users.disable(operator, name))
    click.echo(f"{name} is disabled.")


@user.command()
@click.argument("name")
def enable(name: str) -> None:
    """Let NAME in again."""
    run(lambda portal, operator: portal.users.enable(operator, name))
    click.echo(f"{name} is enabled.")


@user.command()
@click.argument("name")
@click.option("--base-url", help="Where people reach the portal, if not where it listens.")
@json_option
def link(name: str, base_url: str | None, *, as_json: bool) -> None:
    """Print a one-time sign-in address for NAME: good once, for 15 minutes."""
    settings = load_settings()
    token = run(lambda portal, operator: portal.links.create(operator, name))
    url = sign_in_url(base_url or url_of(settings.host, settings.port), token)
    say(url, {"username": name, "url": url}, as_json=as_json)


def _row(user: User) -> dict[str, Any]:
    return {column: getattr(user, column) for column in COLUMNS}


async def _all_users(portal: Portal, operator: Principal) -> list[User]:
    found: list[User] = []
    while page := await portal.users.list(
        operator, limit=PAGE, after=found[-1].id if found else None
    ):
        found += page
    return found
