"""What `cog` writes into these pages, from the code that they describe: see `make docs`."""

import asyncio
import inspect
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from aiportal import errors
from aiportal.api.app import create_app
from aiportal.cli import main
from aiportal.portal import Portal
from aiportal.settings import Settings

__all__ = [
    "command_help",
    "env_example",
    "error_table",
    "error_tree",
    "route_table",
    "settings_list",
    "variable",
]

MODEL_CONFIG = Path(__file__).parents[1] / "model_config"
PLACES = {
    "data_dir": "the platform's data folder of the user, `~/.local/share/aiportal` on Linux",
    "cache_dir": "the platform's cache folder of the user, `~/.cache/aiportal` on Linux",
}
KINDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    Path: "folder",
    SecretStr: "text, secret",
    tuple: "list, separated by commas",
}


def settings_list() -> str:
    """Every setting with its kind, default, bounds and what it is for."""
    return "\n" + "\n".join(_setting(name, field) for name, field in Settings.model_fields.items())


def env_example() -> str:
    """Every setting as a line to uncomment, its explanation above."""
    return "\n" + "\n".join(_example(name, field) for name, field in Settings.model_fields.items())


def error_table() -> str:
    """Every kind of error with its status, type and code."""
    kinds = [getattr(errors, name) for name in errors.__all__]
    kinds.sort(key=lambda kind: (kind.status, len(kind.mro()), kind.__name__))
    rows = [
        f"| {kind.status} | `{kind.type}` | {_code(kind)} | `{kind.__name__}` |"
        for kind in kinds
        if kind is not errors.PortalError
    ]
    return "\n".join(
        ["", "| status | type | code | in Python |", "| --- | --- | --- | --- |", *rows, ""]
    )


def error_tree() -> str:
    """The tree that `aiportal/errors.py` opens with."""
    text = inspect.getdoc(errors) or ""
    return f"\n```text\n{text[text.index('PortalError') : text.index('Types and')].strip()}\n```\n"


def command_help() -> str:
    """The help of every command, as the terminal shows it."""
    return "\n" + "\n".join(_helps(main, click.Context(main, info_name="aiportal")))


def route_table() -> str:
    """Every address of the API, its method and what it does."""
    document = asyncio.run(_openapi())
    rows = [
        f"| {method.upper()} | `{path}` | {operation.get('description', '').splitlines()[0]} |"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    return "\n".join(
        ["", "| method | address | what it does |", "| --- | --- | --- |", *rows, "", ""]
    )


async def _openapi() -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), model_config_dir=MODEL_CONFIG)
        async with Portal.open(settings) as portal:
            return create_app(portal, with_pages=False).openapi()


def variable(name: str, field: FieldInfo) -> str:
    """The environment variable of a setting."""
    alias = field.validation_alias
    return alias if isinstance(alias, str) else f"AIPORTAL_{name.upper()}"


def _setting(name: str, field: FieldInfo) -> str:
    facts = [_kind(field.annotation), *_bounds(field), f"default: {_default(name, field)}"]
    return f"### `{variable(name, field)}`\n{'; '.join(facts)}\n\n{_described(field)}\n"


def _example(name: str, field: FieldInfo) -> str:
    words = textwrap.wrap(_described(field).replace("`", ""), 96)
    shown = field.default if isinstance(field.default, str | int | float) else ""
    if isinstance(field.default, tuple):
        shown = ",".join(field.default)
    value = str(shown).lower() if isinstance(shown, bool) else shown
    return "\n".join([*(f"# {line}" for line in words), f"#{variable(name, field)}={value}", ""])


def _described(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _kind(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in arguments)
    if origin in (Union, types.UnionType):
        return _kind(next(one for one in arguments if one is not type(None)))
    return KINDS[origin or annotation]


def _bounds(field: FieldInfo) -> Iterator[str]:
    for bound in field.metadata:
        if isinstance(bound, annotated_types.Ge):
            yield f"at least {bound.ge:,}"
        elif isinstance(bound, annotated_types.Le):
            yield f"at most {bound.le:,}"


def _default(name: str, field: FieldInfo) -> str:
    if name in PLACES:
        return PLACES[name]
    if field.default in (None, (), PydanticUndefined):
        return "none"
    default = str(field.default).lower() if isinstance(field.default, bool) else field.default
    if isinstance(default, tuple):
        default = ",".join(default)
    return f"`{default}`"


def _code(kind: type[errors.PortalError]) -> str:
    return f"`{kind.default_code}`" if kind.default_code else ""


def _helps(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"## `{context.command_path}`\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if (inner := command.get_command(context, name)) is not None:
                yield from _helps(inner, click.Context(inner, info_name=name, parent=context))
