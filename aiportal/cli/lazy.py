"""A click group that imports the module of a command when that command is called.

`aiportal --help` and shell completion stay quick, and a command's module imports what it needs at
its top like any other module.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from typing_extensions import override

from aiportal.errors import PortalError

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """short_helps: name of each command and its one line of help, in the order of the list.

    modules: where a command is defined if not in `aiportal.cli.NAME`.
    """

    def __init__(
        self, *args: Any, short_helps: Mapping[str, str], modules: Mapping[str, str], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._short_helps = short_helps
        self._modules = modules

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._short_helps)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._short_helps:
            return None
        module = import_module(self._modules.get(cmd_name, f"aiportal.cli.{cmd_name}"))
        command = getattr(module, cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__}.{cmd_name} is not a command")
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self._short_helps.items()))

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PortalError as error:
            raise click.ClickException(error.message) from error
