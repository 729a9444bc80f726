"""The command line: one module a command group, imported when a command of it is called."""

import os

import click

from aiportal.cli.lazy import LazyGroup

__all__ = ["main"]

COMMANDS = {
    "serve": "Start the web app and the API.",
    "chat": "Ask a model; the answer streams to the terminal.",
    "search": "Search the web; the best results of several providers first.",
    "models": "List, fetch and check models.",
    "tools": "List, run and check tools.",
    "user": "Make and manage accounts.",
    "group": "Make and manage groups of users.",
    "key": "Make and revoke API keys.",
    "generate": "Write the beginning of something of your own.",
    "doctor": "Check this installation and say what to do for each finding.",
    "bench": "Measure how quick a model is here.",
    "backup": "Write the database, secrets, model config and attached files to FILE.",
    "restore": "Put the backup FILE in the place of what is in the data folder.",
    "migrate": "Bring the database to this version.",
    "rollback": "Undo migrations of the database.",
    "reset": "Empty the database.",
}
MODULES = {
    **dict.fromkeys(("migrate", "rollback", "reset"), "aiportal.cli.database"),
    "restore": "aiportal.cli.backup",
}


@click.group(
    cls=LazyGroup,
    short_helps=COMMANDS,
    modules=MODULES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="aiportal", prog_name="aiportal", message="%(prog)s %(version)s")
def main() -> None:
    """AI Portal: one portal for your models, in the browser, over HTTP and here.

    Every command works on the data folder (AIPORTAL_DATA_DIR), whether or not a server runs on it.
    Exit status: 0 done, 1 failed (the reason is on standard error), 2 wrong usage.
    """
    os.umask(0o077)  # what is written is the user's alone
