"""The package `langchain-openai`."""

from typing import Any

import openai
from langchain_openai import ChatOpenAI

from tests.clients.checks import (
    ANSWER,
    BASE,
    CALLER,
    FAST,
    KEY,
    NONE,
    REFUSING,
    TOKENS,
    TOOL,
    equal,
    raised,
    run,
)

__all__: list[str] = []


def chat(model: str) -> Any:
    return ChatOpenAI(model=model, base_url=BASE, api_key=KEY, max_retries=0, stream_usage=True)


def plain() -> None:
    answer = chat(FAST).invoke("Hi")
    equal(answer.content, ANSWER)
    equal(tokens(answer), TOKENS)


def streamed_with_usage() -> None:
    pieces = list(chat(FAST).stream("Hi"))
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole + piece
    equal(whole.content, ANSWER)
    equal(tokens(whole), TOKENS)


def tokens(message: Any) -> tuple[int, int]:
    usage = message.usage_metadata
    return usage["input_tokens"], usage["output_tokens"]


def tool_call() -> None:
    (call,) = chat(CALLER).bind_tools([TOOL]).invoke("Hi").tool_calls
    equal((call["name"], call["args"]), ("weather", {"city": "Paris"}))


def tool_call_streamed() -> None:
    pieces = list(chat(CALLER).bind_tools([TOOL]).stream("Hi"))
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole + piece
    equal([call["args"] for call in whole.tool_calls], [{"city": "Paris"}])


def unknown_model_is_404() -> None:
    raised(lambda: chat(NONE).invoke("Hi"), openai.NotFoundError)


def refused_request_is_400() -> None:
    raised(lambda: chat(REFUSING).invoke("Hi"), openai.BadRequestError)


run(
    plain,
    streamed_with_usage,
    tool_call,
    tool_call_streamed,
    unknown_model_is_404,
    refused_request_is_400,
)
