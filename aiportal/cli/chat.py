"""`aiportal chat "question"`."""

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Any

import click

from aiportal.chat import Findings
from aiportal.cli.output import plain
from aiportal.cli.running import run
from aiportal.cli.sources import print_sources
from aiportal.cli.tool_call import files_told, write_artifacts
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.errors import ConfigError
from aiportal.events import (
    ReasoningDelta,
    SourceFound,
    TextDelta,
    ToolCalled,
    ToolReturned,
    WebSearched,
)
from aiportal.portal import Portal
from aiportal.principal import Principal
from aiportal.sandbox import Artifact

__all__ = ["chat"]

MAX_RESULT_CHARS = 2_000


@click.command()
@click.argument("question")
@click.option("-m", "--model", help="Id of the model; `aiportal models list` has them.")
@click.option("--system", help="Instructions for the model.")
@click.option("--temperature", type=click.FloatRange(0, 2), help="0 for the likeliest words.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="Longest answer.")
@click.option("--web", is_flag=True, help="Search the web first; the sources stand below.")
@click.option("--tools", help="Tools that the model may call: ids with commas, or `all`.")
@click.option(
    "--save",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder for files that tools make; no file there is written over.",
)
def chat(question: str, folder: Path | None, **wanted: Any) -> None:
    """Ask a model; the answer streams to the terminal.

    `-` as QUESTION reads it from standard input. Ctrl-C cancels. What was used is recorded as for
    every other call.
    """
    if question == "-":
        question = sys.stdin.read()
    body = _body(question, **wanted)
    try:
        run(lambda portal, operator: _print_answer(portal, operator, body, folder))
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        raise click.ClickException("Cancelled.") from error


def _body(
    question: str,
    *,
    model: str | None,
    system: str | None,
    tools: str | None,
    web: bool,
    **parameters: Any,
) -> dict[str, Any]:
    """A request as the API takes it."""
    messages = [{"role": "user", "content": question}]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    given = {name: value for name, value in parameters.items() if value is not None}
    if web:
        given["web_search"] = True
    if tools is not None:
        given["tools"] = _tools(tools)
    return {"model": model, "messages": messages, "stream": True, **given}


def _agrees() -> bool:
    """Whether the person at the terminal does; without one, nobody does."""
    return sys.stdin.isatty() and click.confirm("Run it?", err=True)


def _tools(ids: str) -> dict[str, Any]:
    """The portal's tools as a request asks for them."""
    named = [one.strip() for one in ids.split(",") if one.strip()]
    return {"enabled": True} if named == ["all"] else {"enabled": True, "allowedTools": named}


async def _print_answer(
    portal: Portal, operator: Principal, body: dict[str, Any], folder: Path | None
) -> None:
    body = {**body, "model": body["model"] or portal.registry.default_model}
    request = ChatRequest.parse(body, portal.registry.limits)
    asking = portal.completions.follow(operator, request, source="cli", endpoint="chat/completions")
    findings = Findings()
    async with asking as completion:
        async for delta in completion.deltas():
            match delta:
                case WebSearched() | SourceFound():
                    findings = findings.after(delta)
                case TextDelta():
                    click.echo(plain(delta.text), nl=False)
                case ReasoningDelta():
                    click.secho(plain(delta.text), nl=False, dim=True, err=True)
                case ToolCalled():
                    said = f"{delta.tool_name} {json.dumps(delta.arguments, ensure_ascii=False)}"
                    click.secho(plain(said), dim=True, err=True)
                    if delta.approval_id is not None:
                        agreed = await asyncio.to_thread(_agrees)
                        await portal.tools.decide(operator, delta.approval_id, approve=agreed)
                case ToolReturned():
                    await asyncio.to_thread(_tell_returned, delta, folder)
    click.echo()
    print_sources(findings)


def _tell_returned(returned: ToolReturned, folder: Path | None) -> None:
    """What came of a call, beside the answer: on standard error."""
    told = [f"→ {json.dumps(returned.error or returned.result, ensure_ascii=False)}"]
    told += [text.rstrip("\n") for text in (returned.stdout, returned.stderr) if text]
    for text in told:
        click.secho(_short(plain(text)), dim=True, err=True)
    whole = [
        Artifact(one.name, one.mime, base64.b64decode(one.data))
        for one in returned.artifacts
        if one.data is not None
    ]
    try:
        written = write_artifacts(whole, folder)
    except ConfigError as error:
        written = ()
        click.secho(plain(error.message), err=True)
    names = [one.name for one in (whole if written else returned.artifacts)]
    if files := files_told(names, written):
        click.secho(files, dim=True, err=True)
    lost = [one.name for one in returned.artifacts if one.data is None]
    if folder is not None and lost:
        words = f"Too large to be saved: {', '.join(lost)}. `aiportal tools run` has no such limit."
        click.secho(plain(words), dim=True, err=True)
    if returned.is_truncated:
        click.secho("A part was too long or too much and was left out.", dim=True, err=True)


def _short(text: str) -> str:
    return text if len(text) <= MAX_RESULT_CHARS else f"{text[:MAX_RESULT_CHARS]}…"
