"""The package `anthropic`."""

import anthropic

from tests.clients.checks import (
    ANSWER,
    CALLER,
    FAST,
    KEY,
    NATIVE,
    NONE,
    REFUSING,
    SCHEMA,
    TOKENS,
    URL,
    equal,
    raised,
    run,
)

__all__: list[str] = []

client = anthropic.Anthropic(base_url=URL, api_key=KEY, max_retries=0)
HI = [{"role": "user", "content": "Hi"}]
SEARCH = [{"type": "web_search_20250305", "name": "web_search"}]
KINDS = ["thinking", "server_tool_use", "web_search_tool_result", "text"]
TOOLS = [{"name": "weather", "description": "Of a city.", "input_schema": SCHEMA}]


def plain() -> None:
    answer = client.messages.create(model=FAST, max_tokens=50, messages=HI)
    equal(answer.content[0].text, ANSWER)
    equal((answer.usage.input_tokens, answer.usage.output_tokens), TOKENS)
    equal(answer.stop_reason, "end_turn")


def streamed_with_usage() -> None:
    with client.messages.stream(model=FAST, max_tokens=50, messages=HI) as stream:
        equal("".join(stream.text_stream), ANSWER)
        final = stream.get_final_message()
    equal(final.usage.output_tokens, TOKENS[1])


def tool_call() -> None:
    answer = client.messages.create(model=CALLER, max_tokens=50, messages=HI, tools=TOOLS)
    (use,) = [block for block in answer.content if block.type == "tool_use"]
    equal((use.name, use.input), ("weather", {"city": "Paris"}))
    equal(answer.stop_reason, "tool_use")


def tool_call_streamed() -> None:
    with client.messages.stream(model=CALLER, max_tokens=50, messages=HI, tools=TOOLS) as stream:
        final = stream.get_final_message()
    equal([block.input for block in final.content if block.type == "tool_use"], [{"city": "Paris"}])


def passed_through() -> None:
    answer = client.beta.messages.create(
        model=NATIVE, max_tokens=50, messages=HI, tools=SEARCH, betas=["context-1m-2025-08-07"]
    )
    equal([block.type for block in answer.content], KINDS)
    equal(answer.content[0].signature, "c2lnbmVk")
    equal((answer.usage.input_tokens, answer.usage.output_tokens), TOKENS)


def passed_through_streamed() -> None:
    with client.messages.stream(model=NATIVE, max_tokens=50, messages=HI, tools=SEARCH) as stream:
        equal("".join(stream.text_stream), ANSWER)
        final = stream.get_final_message()
    equal([block.type for block in final.content], KINDS)
    equal(final.content[0].signature, "c2lnbmVk")
    equal(final.usage.output_tokens, TOKENS[1])


def unknown_model_is_404() -> None:
    raised(
        lambda: client.messages.create(model=NONE, max_tokens=50, messages=HI),
        anthropic.NotFoundError,
    )


def refused_request_is_400() -> None:
    raised(
        lambda: client.messages.create(model=REFUSING, max_tokens=50, messages=HI),
        anthropic.BadRequestError,
    )


run(
    plain,
    streamed_with_usage,
    tool_call,
    tool_call_streamed,
    passed_through,
    passed_through_streamed,
    unknown_model_is_404,
    refused_request_is_400,
)
