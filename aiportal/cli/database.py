"""`aiportal migrate | rollback | reset`."""

from pathlib import Path

import click

from aiportal.cli.output import json_option, say
from aiportal.cli.running import confirm, load_settings
from aiportal.settings import Settings
from aiportal.store import MigrationStatus
from aiportal.store import migrate as migrate_database
from aiportal.store import rollback as roll_back_database

__all__ = ["migrate", "reset", "rollback"]


@click.command()
@json_option
def migrate(*, as_json: bool) -> None:
    """Bring the database to this version.

    Makes it if it is not there. `serve` does the same when it starts.
    """
    _say(migrate_database(_made(load_settings())), "applied", as_json=as_json)


@click.command()
@click.option("--to", type=click.IntRange(min=0), help="Undo all above this number.")
@json_option
def rollback(to: int | None, *, as_json: bool) -> None:
    """Undo migrations of the database.

    The newest one, or all above a number. The data in what they made is lost.
    """
    path = load_settings().database_path
    if not path.exists():
        raise click.ClickException("There is no database yet: nothing to undo.")
    _say(roll_back_database(path, to=to), "undone", as_json=as_json)


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(*, yes: bool) -> None:
    """Empty the database.

    All users, keys, conversations and usage are lost. Model configs, weights and the secrets in the
    data folder stay.
    """
    path = _made(load_settings())
    confirm(f"Delete everything in {path}?", yes=yes)
    if path.exists():
        roll_back_database(path, to=0)
    status = migrate_database(path)
    click.echo(f"The database is empty, at version {status.version}.")


def _made(settings: Settings) -> Path:
    """The database's path, in a data folder that nobody else can look into."""
    settings.make_data_dir()
    return settings.database_path


def _say(status: MigrationStatus, done: str, *, as_json: bool) -> None:
    lines = [f"{done}: {name}" for name in status.changed]
    sentence = "\n".join([*lines, f"The database is at version {status.version}."])
    say(sentence, {"version": status.version, done: status.changed}, as_json=as_json)
