"""The package `llm`, with the portal's models in its own config."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

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

folder = Path(tempfile.mkdtemp(prefix="aiportal-llm-"))
os.environ["LLM_USER_PATH"] = str(folder)
models = [
    {"model_id": name, "model_name": name, "api_base": BASE, "api_key_name": "portal"}
    | {"supports_tools": True}
    for name in (FAST, CALLER, REFUSING, NONE)
]
# JSON is YAML.
(folder / "extra-openai-models.yaml").write_text(json.dumps(models))
(folder / "keys.json").write_text(json.dumps({"portal": KEY}))

import llm  # noqa: E402 - it reads that folder's name when it is imported
import openai  # noqa: E402


def weather(city: str) -> str:
    """Of a city."""
    return f"21 degrees in {city}"


def ask(model: str, *, stream: bool = False, **fields: Any) -> Any:
    return llm.get_model(model).prompt("Hi", stream=stream, **fields)


def plain() -> None:
    answer = ask(FAST)
    equal(answer.text(), ANSWER)
    equal((answer.usage().input, answer.usage().output), TOKENS)


def streamed_with_usage() -> None:
    answer = ask(FAST, stream=True)
    equal("".join(answer), ANSWER)
    equal((answer.usage().input, answer.usage().output), TOKENS)


def tool_call() -> None:
    (call,) = ask(CALLER, tools=[weather]).tool_calls()
    equal((call.name, call.arguments), ("weather", {"city": "Paris"}))


def tool_chain_streamed() -> None:
    chain = llm.get_model(CALLER).chain("Hi", tools=[weather], stream=True)
    equal(chain.text().endswith("It is 21 degrees."), True)


def unknown_model_is_404() -> None:
    raised(lambda: ask(NONE).text(), openai.NotFoundError)


def refused_request_is_400() -> None:
    raised(lambda: ask(REFUSING).text(), openai.BadRequestError)


run(
    plain,
    streamed_with_usage,
    tool_call,
    tool_chain_streamed,
    unknown_model_is_404,
    refused_request_is_400,
)
