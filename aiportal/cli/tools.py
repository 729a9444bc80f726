"""`aiportal tools …`: what is installed, what is wrong, and running one."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from aiportal.cli.output import json_option, plain, say, show
from aiportal.cli.running import confirm, load_settings, run
from aiportal.cli.tool_call import (
    as_text,
    files_told,
    read_files,
    read_parameters,
    write_artifacts,
)
from aiportal.errors import ConfigError, ToolNotFound
from aiportal.portal import Portal
from aiportal.principal import Principal
from aiportal.tools import Approval, ToolOutcome, ToolRegistry

__all__ = ["tools"]


@click.group()
def tools() -> None:
    """List, run and check tools."""


@tools.command("list")
@json_option
def list_tools(*, as_json: bool) -> None:
    """List all tools, and what each lacks that cannot run now."""
    statuses = run(lambda portal, operator: portal.tools.list(operator, with_disabled=True))
    rows = [
        {
            "id": status.tool.id,
            "name": status.tool.name,
            "usable": status.is_usable,
            "approval": status.tool.needs_approval,
            "missing": status.missing,
        }
        for status in statuses
    ]
    show(rows, as_json=as_json, empty="There are no tools. See docs/tools.md.")


@tools.command("run")
@click.argument("tool_id")
@click.argument("parameters", required=False)
@click.option("-p", "--param", "pairs", multiple=True, metavar="NAME=VALUE", help="One argument.")
@click.option("--file", "files", multiple=True, type=click.Path(path_type=Path), help="Goes along.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=0.001), help="Seconds at most.")
@click.option(
    "--save",
    "--out",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder for files that it makes; no file there is written over.",
)
@click.option("--yes", is_flag=True, help="Agree where the tool needs an approval.")
@json_option
def run_tool(tool_id: str, *, as_json: bool, folder: Path | None, **options: Any) -> None:
    """Run TOOL_ID with PARAMETERS, a JSON object (`-`: from standard input), and print its result.

    A VALUE is JSON where it can be read so, else text.
    """
    outcome = run(lambda portal, operator: _run(portal, operator, tool_id, **options))
    try:
        written = write_artifacts(outcome.artifacts, folder)
    except ConfigError:
        _print(outcome, (), as_json=as_json)
        raise
    _print(outcome, written, as_json=as_json)


async def _run(
    portal: Portal,
    operator: Principal,
    tool_id: str,
    *,
    parameters: str | None,
    pairs: Sequence[str],
    files: Sequence[Path],
    timeout_s: float | None,
    yes: bool,
) -> ToolOutcome:
    found = await portal.tools.execute(
        operator,
        tool_id,
        await asyncio.to_thread(read_parameters, parameters, pairs),
        source="cli",
        files=await asyncio.to_thread(read_files, files),
        timeout_ms=None if timeout_s is None else round(timeout_s * 1000),
    )
    if isinstance(found, Approval):
        question = f"{tool_id} asks before each run. Run it?"
        await asyncio.to_thread(confirm, question, yes=yes)
        found = await (await portal.tools.decide(operator, found.id, approve=True)).outcome()
    return found


def _print(outcome: ToolOutcome, written: Sequence[Path], *, as_json: bool) -> None:
    """What came of it, and exit status 1 for a failure."""
    if not as_json:
        click.echo(plain(outcome.stdout), nl=False)
        click.echo(plain(outcome.stderr), nl=False, err=True)
    failure = outcome.failure
    names = [artifact.name for artifact in outcome.artifacts]
    facts = {
        "success": failure is None,
        **({"result": outcome.result} if failure is None else {"error": asdict(failure)}),
        "stdout": outcome.stdout,
        "stderr": outcome.stderr,
        "durationMs": round(outcome.duration_ms, 3),
        "truncated": outcome.is_truncated,
        "artifacts": dict(zip(names, map(str, written), strict=False)),
    }
    if failure is None or as_json:
        say(plain(as_text(outcome.result)), facts, as_json=as_json)
    if told := files_told(names, written):
        click.echo(told, err=not written or as_json or failure is not None)
    if outcome.is_truncated and not as_json:
        click.echo("A part was too long or too much and was left out.", err=True)
    if failure is not None:
        raise click.ClickException(plain(f"{failure.type}: {failure.message}"))


@tools.command()
@json_option
def validate(*, as_json: bool) -> None:
    """Check the folder of tools; exit with 1 if anything is wrong."""
    problems = ToolRegistry.load_now(load_settings()).problems
    rows = [
        {"file": one.file, "field": one.field, "value": one.value, "allowed": one.allowed}
        for one in problems
    ]
    show(rows, as_json=as_json, empty="The tools are right.")
    if problems:
        raise click.exceptions.Exit(1)


@tools.command()
@click.argument("tool_id")
@json_option
def build(tool_id: str, *, as_json: bool) -> None:
    """Install what the requirements.txt of TOOL_ID names, into an environment of its own."""
    registry = ToolRegistry.load_now(load_settings())
    tool = registry.tools.get(tool_id)
    if tool is None:
        raise ToolNotFound(f"There is no tool {tool_id!r}. `aiportal tools list` has them.")
    python = asyncio.run(registry.environments.build(tool))
    say(f"{tool_id} runs with {python}", {"id": tool_id, "python": python}, as_json=as_json)
