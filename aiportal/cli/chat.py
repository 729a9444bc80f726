"""`aiportal chat "question"`."""

import asyncio
import json
import sys
from typing import Any

import click

from aiportal.cli.output import plain
from aiportal.cli.running import run
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.events import ReasoningDelta, TextDelta, ToolCalled, ToolReturned
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["chat"]

MAX_RESULT_CHARS = 2_000


@click.command()
@click.argument("question")
@click.option("-m", "--model", help="Id of the model; `aiportal models list` has them.")
@click.option("--system", help="Instructions for the model.")
@click.option("--temperature", type=click.FloatRange(0, 2), help="0 for the likeliest words.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="Longest answer.")
@click.option("--tools", help="Tools that the model may call: ids with commas, or `all`.")
def chat(question: str, **wanted: Any) -> None:
    """Ask a model; the answer streams to the terminal.

    `-` as QUESTION reads it from standard input. Ctrl-C cancels. What was used is recorded as for
    every other call.
    """
    if question == "-":
        question = sys.stdin.read()
    body = _body(question, **wanted)
    try:
        run(lambda portal, operator: _print_answer(portal, operator, body))
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        raise click.ClickException("Cancelled.") from error


def _body(
    question: str, *, model: str | None, system: str | None, tools: str | None, **parameters: Any
) -> dict[str, Any]:
    """A request as the API takes it."""
    messages = [{"role": "user", "content": question}]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    given = {name: value for name, value in parameters.items() if value is not None}
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


async def _print_answer(portal: Portal, operator: Principal, body: dict[str, Any]) -> None:
    body = {**body, "model": body["model"] or portal.registry.default_model}
    request = ChatRequest.parse(body, portal.registry.limits)
    asking = portal.completions.follow(operator, request, source="cli", endpoint="chat/completions")
    async with asking as completion:
        async for delta in completion.deltas():
            match delta:
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
                    told = json.dumps(delta.error or delta.result, ensure_ascii=False)
                    click.secho(plain(f"→ {told}"[:MAX_RESULT_CHARS]), dim=True, err=True)
    click.echo()
