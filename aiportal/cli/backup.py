"""`aiportal backup | restore`."""

from dataclasses import asdict
from pathlib import Path

import click

from aiportal.backup import back_up
from aiportal.backup import restore as restore_backup
from aiportal.cli.output import json_option, say
from aiportal.cli.running import confirm, load_settings
from aiportal.registry import config_folder

__all__ = ["backup", "restore"]

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=FILE)
@json_option
def backup(file: Path, *, as_json: bool) -> None:
    """Write the database, secrets, model config and attached files to FILE.

    A server may go on meanwhile. FILE opens every account: keep it as safe as the data folder.
    """
    settings = load_settings()
    made = back_up(settings, file)
    say(f"{file} holds {', '.join(made.parts)}.", asdict(made), as_json=as_json)
    used = config_folder(settings)
    if used.parent != settings.data_dir:
        click.echo(
            f"The model config in {used} is not in it: it is outside of the data folder.", err=True
        )


@click.command()
@click.argument("file", type=FILE)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def restore(file: Path, *, yes: bool, as_json: bool) -> None:
    """Put the backup FILE in the place of what is in the data folder.

    Stop the server before. What was made since the backup is lost, and keys and sign-ins that were
    ended since then are good again. If anything fails, nothing is changed.
    """
    settings = load_settings()
    confirm(f"Replace what is in {settings.data_dir} by {file}?", yes=yes)
    done = restore_backup(settings, file)
    sentence = f"Restored {', '.join(done.parts)} of {done.created_at}."
    say(sentence, asdict(done), as_json=as_json)
