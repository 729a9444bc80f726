"""The package `openai`."""

import json

import openai

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

client = openai.OpenAI(base_url=BASE, api_key=KEY, max_retries=0)
create = client.chat.completions.create


def plain() -> None:
    answer = create(model=FAST, messages=[{"role": "user", "content": "Hi"}])
    equal(answer.choices[0].message.content, ANSWER)
    equal(answer.usage and (answer.usage.prompt_tokens, answer.usage.completion_tokens), TOKENS)


def streamed_with_usage() -> None:
    stream = create(
        model=FAST,
        messages=[{"role": "user", "content": "Hi"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    equal("".join(texts), ANSWER)
    usage = chunks[-1].usage
    equal(usage and (usage.prompt_tokens, usage.completion_tokens), TOKENS)


def tool_call() -> None:
    answer = create(
        model=CALLER,
        messages=[{"role": "user", "content": "Hi"}],
        tools=[TOOL],  # type: ignore[list-item] # a plain dict, as users write it
    )
    (call,) = answer.choices[0].message.tool_calls or []
    equal(call.type == "function" and call.function.name, "weather")
    equal(call.type == "function" and json.loads(call.function.arguments), {"city": "Paris"})


def tool_call_streamed() -> None:
    with client.chat.completions.stream(
        model=CALLER,
        messages=[{"role": "user", "content": "Hi"}],
        tools=[TOOL],  # type: ignore[list-item] # a plain dict, as users write it
    ) as stream:
        (call,) = stream.get_final_completion().choices[0].message.tool_calls or []
    equal(json.loads(call.function.arguments), {"city": "Paris"})


def unknown_model_is_404() -> None:
    error = raised(
        lambda: create(model=NONE, messages=[{"role": "user", "content": "Hi"}]),
        openai.NotFoundError,
    )
    equal(error.code, "model_not_found")


def refused_request_is_400() -> None:
    error = raised(
        lambda: create(model=REFUSING, messages=[{"role": "user", "content": "Hi"}]),
        openai.BadRequestError,
    )
    equal((error.code, error.param), ("bad_heat", "temperature"))


def models_are_listed() -> None:
    equal(FAST in [model.id for model in client.models.list()], True)


run(
    plain,
    streamed_with_usage,
    tool_call,
    tool_call_streamed,
    unknown_model_is_404,
    refused_request_is_400,
    models_are_listed,
)
