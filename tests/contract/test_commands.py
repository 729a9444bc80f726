"""Every command of the command line, walked."""

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from aiportal.cli import COMMANDS, main

HEAVY = ("fastapi", "gradio", "litellm", "pydantic", "rich", "sqlite_utils", "uvicorn")
SPEAK_JSON = {
    "aiportal backup",
    "aiportal bench",
    "aiportal doctor",
    "aiportal generate tool",
    "aiportal group create",
    "aiportal group list",
    "aiportal key create",
    "aiportal key list",
    "aiportal migrate",
    "aiportal models list",
    "aiportal models pull",
    "aiportal models validate",
    "aiportal restore",
    "aiportal rollback",
    "aiportal search",
    "aiportal tools build",
    "aiportal tools list",
    "aiportal tools run",
    "aiportal tools validate",
    "aiportal user create",
    "aiportal user link",
    "aiportal user list",
}


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """Every command with the words that call it."""
    yield context.command_path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is None:
                raise LookupError(f"{name!r} is listed and not there")
            yield from walk(inner, click.Context(inner, info_name=name, parent=context))


def every_command() -> dict[str, click.Command]:
    return dict(walk(main, click.Context(main, info_name="aiportal")))


def test_every_command_has_help() -> None:
    assert [path for path, command in every_command().items() if not command.help] == []


def test_every_option_has_help_or_explains_itself() -> None:
    silent = [
        f"{path} {option.opts[0]}"
        for path, command in every_command().items()
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert [one for one in silent if not one.endswith(("--role",))] == []


def test_the_table_of_commands_says_what_the_commands_say() -> None:
    commands = every_command()
    assert {
        name: commands[f"aiportal {name}"].get_short_help_str(200) for name in COMMANDS
    } == COMMANDS


@pytest.mark.parametrize("path", sorted(SPEAK_JSON))
def test_what_a_program_wants_to_read_comes_as_json_too(path: str) -> None:
    assert "--json" in {name for option in every_command()[path].params for name in option.opts}


def test_asking_for_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from aiportal.cli import main; main(['--help'], standalone_mode=False); "
        f"sys.exit(' '.join(name for name in {HEAVY} if name in sys.modules) or 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_module_and_script_are_the_same_command() -> None:
    command = [sys.executable, "-m", "aiportal", "nonsense"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "Usage: aiportal " in result.stderr
