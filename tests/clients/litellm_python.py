"""The package `litellm`."""

import json
from typing import Any

import litellm

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


def ask(model: str, **fields: Any) -> Any:
    messages = [{"role": "user", "content": "Hi"}]
    return litellm.completion(
        model=f"openai/{model}",
        messages=messages,
        api_base=BASE,
        api_key=KEY,
        num_retries=0,
        **fields,
    )


def plain() -> None:
    answer = ask(FAST)
    equal(answer.choices[0].message.content, ANSWER)
    equal((answer.usage.prompt_tokens, answer.usage.completion_tokens), TOKENS)


def streamed_with_usage() -> None:
    chunks = list(ask(FAST, stream=True, stream_options={"include_usage": True}))
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    equal("".join(texts), ANSWER)
    usages = [usage for chunk in chunks if (usage := getattr(chunk, "usage", None))]
    equal([(one.prompt_tokens, one.completion_tokens) for one in usages], [TOKENS])


def tool_call() -> None:
    (call,) = ask(CALLER, tools=[TOOL]).choices[0].message.tool_calls
    equal((call.function.name, json.loads(call.function.arguments)), ("weather", {"city": "Paris"}))


def tool_call_streamed() -> None:
    chunks = list(ask(CALLER, tools=[TOOL], stream=True))
    whole: Any = litellm.stream_chunk_builder(chunks)
    (call,) = whole.choices[0].message.tool_calls
    equal(json.loads(call.function.arguments), {"city": "Paris"})


def unknown_model_is_404() -> None:
    raised(lambda: ask(NONE), litellm.NotFoundError)  # type: ignore[attr-defined] # not listed there


def refused_request_is_400() -> None:
    raised(lambda: ask(REFUSING), litellm.BadRequestError)  # type: ignore[attr-defined] # not listed there


run(
    plain,
    streamed_with_usage,
    tool_call,
    tool_call_streamed,
    unknown_model_is_404,
    refused_request_is_400,
)
