"""The package `pydantic-ai`."""

import asyncio
from typing import Any

from pydantic_ai import Agent
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from tests.clients.checks import (
    ANSWER,
    BASE,
    CALLER,
    FAST,
    KEY,
    NONE,
    REFUSING,
    TOKENS,
    equal,
    raised,
    run,
)

__all__: list[str] = []

asked: list[str] = []


def weather(city: str) -> str:
    """Of a city."""
    asked.append(city)
    return "21 degrees"


def agent(model: str, *tools: Any) -> Any:
    provider = OpenAIProvider(base_url=BASE, api_key=KEY)
    return Agent(OpenAIChatModel(model, provider=provider), tools=tools)


def ask(model: str, *tools: Any) -> Any:
    return asyncio.run(agent(model, *tools).run("Hi"))


async def _streamed() -> tuple[str, Any]:
    async with agent(FAST).run_stream("Hi") as result:
        text = [piece async for piece in result.stream_text(delta=True)]
        usage = result.usage
        return "".join(text), usage() if callable(usage) else usage


def plain() -> None:
    result = ask(FAST)
    equal(result.output, ANSWER)


def streamed_with_usage() -> None:
    text, usage = asyncio.run(_streamed())
    equal(text, ANSWER)
    equal((usage.input_tokens, usage.output_tokens), TOKENS)


def tool_call() -> None:
    equal(ask(CALLER, weather).output, "It is 21 degrees.")
    equal(asked, ["Paris"])


def unknown_model_is_404() -> None:
    equal(raised(lambda: ask(NONE), ModelHTTPError).status_code, 404)


def refused_request_is_400() -> None:
    equal(raised(lambda: ask(REFUSING), ModelHTTPError).status_code, 400)


run(plain, streamed_with_usage, tool_call, unknown_model_is_404, refused_request_is_400)
