"""How a command gets at the portal: settings, an opened portal, the operator as the caller."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click
from pydantic import ValidationError

from aiportal import logs
from aiportal.errors import ConfigError
from aiportal.portal import Portal
from aiportal.principal import Principal
from aiportal.settings import Settings

__all__ = ["confirm", "load_settings", "read_secret", "run"]

T = TypeVar("T")


def load_settings(**overrides: Any) -> Settings:
    """The settings of the environment; `overrides` that are None do not count.

    Raises ConfigError naming the variables that are wrong.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise ConfigError(_in_words(error)) from error


def run(work: Callable[[Portal, Principal], Awaitable[T]]) -> T:
    """Open the portal, do `work` as its operator (the user `admin`), close it; what `work` gave."""
    settings = load_settings()
    logs.configure(level="warning", line_format=settings.log_format)

    async def work_in_portal() -> T:
        async with Portal.open(settings) as portal:
            return await work(portal, await portal.users.operator())

    return asyncio.run(work_in_portal())


def _in_words(error: ValidationError) -> str:
    faults = [
        f"AIPORTAL_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False)
    ]
    return f"The settings are wrong. {'; '.join(faults)}."


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is lost, unless `yes`; without a terminal to ask on it has to be said."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} If so, say --yes.")
    click.confirm(question, abort=True)


def read_secret(prompt: str) -> str:
    """A secret from the terminal, typed twice and not shown, or from a line of standard input."""
    stdin = sys.stdin
    if stdin.isatty():
        return str(click.prompt(prompt, hide_input=True, confirmation_prompt=True))
    return stdin.readline().rstrip("\n")
