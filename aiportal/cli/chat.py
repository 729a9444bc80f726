"""`aiportal chat "question"`."""

import asyncio
import sys
from typing import Any

import click

from aiportal.cli.output import plain
from aiportal.cli.running import run
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.events import ReasoningDelta, TextDelta
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["chat"]


@click.command()
@click.argument("question")
@click.option("-m", "--model", help="Id of the model; `aiportal models list` has them.")
@click.option("--system", help="Instructions for the model.")
@click.option("--temperature", type=click.FloatRange(0, 2), help="0 for the likeliest words.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="Longest answer.")
def chat(question: str, model: str | None, system: str | None, **parameters: float | None) -> None:
    """Ask a model; the answer streams to the terminal.

    `-` as QUESTION reads it from standard input. Ctrl-C cancels. What was used is recorded as for
    every other call.
    """
    if question == "-":
        question = sys.stdin.read()
    messages = [{"role": "user", "content": question}]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    given = {name: value for name, value in parameters.items() if value is not None}
    body = {"model": model, "messages": messages, "stream": True, **given}
    try:
        run(lambda portal, operator: _print_answer(portal, operator, body))
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        raise click.ClickException("Cancelled.") from error


async def _print_answer(portal: Portal, operator: Principal, body: dict[str, Any]) -> None:
    body = {**body, "model": body["model"] or portal.registry.default_model}
    request = ChatRequest.parse(body, portal.registry.limits)
    async with portal.chat(operator, request, source="cli") as completion:
        async for delta in completion.deltas():
            match delta:
                case TextDelta():
                    click.echo(plain(delta.text), nl=False)
                case ReasoningDelta():
                    click.secho(plain(delta.text), nl=False, dim=True, err=True)
    click.echo()
