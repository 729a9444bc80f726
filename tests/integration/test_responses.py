"""OpenAI's Responses over a real socket, by OpenAI's own client and by the bytes."""

import json
from collections.abc import AsyncIterator
from typing import Any

import openai
import pydantic
import pytest
from openai.types.responses import Response, ResponseStreamEvent

from aiportal.settings import Settings
from tests.integration.calls import client
from tests.running import AppServer, serving
from tests.upstreams import DONE, Upstream, chunk, plain, text
from tests.upstreams import event as sse
from tests.upstreams import stream as streamed

MODEL = "acme/fast"
RESPONSES = "/v1/responses"
WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "description": "The weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": False,
}


class City(pydantic.BaseModel):
    """What the model is to answer with."""

    name: str


@pytest.fixture
async def sdk(app_server: AppServer) -> AsyncIterator[openai.AsyncOpenAI]:
    async with _sdk(app_server) as found:
        yield found


def _sdk(server: AppServer) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url=f"{server.url}/v1", api_key=server.key, max_retries=0, timeout=10
    )


def calling(*calls: tuple[str, str, str]) -> bytes:
    """A whole chat completion that calls functions: id, name, arguments."""
    made = [
        {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
        for id_, name, arguments in calls
    ]
    message = {"role": "assistant", "content": None, "tool_calls": made}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    return json.dumps({"id": "c", "choices": [choice], "usage": usage}).encode()


def tool_delta(**piece: Any) -> bytes:
    choice = {"index": 0, "delta": {"tool_calls": [piece]}, "finish_reason": None}
    return sse({"object": "chat.completion.chunk", "choices": [choice]})


async def _stream(
    sdk: openai.AsyncOpenAI, question: str = "Hi", instructions: str | None = None
) -> tuple[list[ResponseStreamEvent], Response]:
    stream = await sdk.responses.create(
        model=MODEL, input=question, instructions=instructions, stream=True
    )
    found = [event async for event in stream]
    last = found[-1]
    assert last.type in {"response.completed", "response.incomplete"}
    return found, last.response


async def test_an_answer_and_what_the_model_is_asked(
    sdk: openai.AsyncOpenAI, app_server: AppServer, upstream: Upstream
) -> None:
    answer = await sdk.responses.create(
        model=MODEL, input="Hi", instructions="Be brief.", temperature=0, max_output_tokens=50
    )
    (row,) = await app_server.rows()

    assert answer.output_text == "Hello from the upstream."
    assert (answer.status, answer.model, answer.temperature) == ("completed", MODEL, 0)
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (9, 4)
    assert upstream.last().json == {
        "model": "fast",
        "temperature": 0,
        "max_completion_tokens": 50,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
        ],
    }
    assert (row.endpoint, row.status) == ("responses", 200)


async def test_a_streamed_answer(sdk: openai.AsyncOpenAI, upstream: Upstream) -> None:
    found, response = await _stream(sdk)
    deltas = [event.delta for event in found if event.type == "response.output_text.delta"]

    assert "".join(deltas) == response.output_text == "Hello from the upstream."
    assert [event.sequence_number for event in found] == list(range(len(found)))
    assert [event.type for event in found if "delta" not in event.type] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert response.usage is not None
    assert response.usage.total_tokens == 13


async def test_a_stream_names_its_events_and_ends_with_done(app_server: AppServer) -> None:
    body = {"model": MODEL, "input": "Hi", "stream": True}
    async with client(app_server) as session:
        content = (await session.post(RESPONSES, json=body)).content
    blocks = content.decode().split("\n\n")[:-1]

    assert blocks[-1] == "data: [DONE]"
    for block in blocks[:-1]:
        name, data = block.split("\n")
        assert name.removeprefix("event: ") == json.loads(data.removeprefix("data: "))["type"]


@pytest.mark.parametrize("is_stream", [False, True])
async def test_a_conversation_goes_on_from_a_response(
    sdk: openai.AsyncOpenAI, upstream: Upstream, is_stream: bool
) -> None:
    upstream.answer("fast", text("Paris."), text("Two million."))
    if is_stream:
        _, first = await _stream(sdk, "Capital of France?", "Be brief.")
    else:
        first = await sdk.responses.create(
            model=MODEL, input="Capital of France?", instructions="Be brief."
        )
    await sdk.responses.create(model=MODEL, input="Its size?", previous_response_id=first.id)

    assert upstream.last().json["messages"] == [
        {"role": "user", "content": "Capital of France?"},
        {"role": "assistant", "content": "Paris."},
        {"role": "user", "content": "Its size?"},
    ]


async def test_a_tool_is_called_and_its_result_handed_back(
    sdk: openai.AsyncOpenAI, upstream: Upstream
) -> None:
    calls = [("call_1", "weather", '{"city":"Oslo"}'), ("call_2", "weather", '{"city":"Rome"}')]
    upstream.answer("fast", plain(calling(*calls)), text("Cold and warm."))
    first = await sdk.responses.create(model=MODEL, input="Weather?", tools=[WEATHER])
    made = [item for item in first.output if item.type == "function_call"]
    results: Any = [
        {"type": "function_call_output", "call_id": call.call_id, "output": f"{call.name}: fine"}
        for call in made
    ]
    second = await sdk.responses.create(
        model=MODEL, input=results, previous_response_id=first.id, tools=[WEATHER]
    )
    sent = upstream.last().json

    assert [(call.call_id, call.name, call.arguments) for call in made] == calls
    assert second.output_text == "Cold and warm."
    assert sent["tools"][0]["function"]["name"] == "weather"
    assert [message["role"] for message in sent["messages"]] == [
        "user",
        "assistant",
        "tool",
        "tool",
    ]
    assert [call["id"] for call in sent["messages"][1]["tool_calls"]] == ["call_1", "call_2"]


async def test_tool_calls_in_a_stream(sdk: openai.AsyncOpenAI, upstream: Upstream) -> None:
    upstream.answer(
        "fast",
        streamed(
            tool_delta(index=0, id="call_1", function={"name": "weather", "arguments": ""}),
            tool_delta(index=0, function={"arguments": '{"city"'}),
            tool_delta(index=1, id="call_2", function={"name": "weather", "arguments": "{"}),
            tool_delta(index=0, function={"arguments": ':"Oslo"}'}),
            tool_delta(index=1, function={"arguments": "}"}),
            chunk(finish="tool_calls"),
            DONE,
        ),
    )
    async with sdk.responses.stream(model=MODEL, input="Weather?", tools=[WEATHER]) as stream:
        _ = [event async for event in stream]
        response = await stream.get_final_response()
    made = [item for item in response.output if item.type == "function_call"]

    assert [(c.call_id, c.name, c.arguments, c.status) for c in made] == [
        ("call_1", "weather", '{"city":"Oslo"}', "completed"),
        ("call_2", "weather", "{}", "completed"),
    ]


async def test_a_response_is_fetched_listed_and_deleted(sdk: openai.AsyncOpenAI) -> None:
    made = await sdk.responses.create(model=MODEL, input="Hi", metadata={"for": "a test"})
    fetched = await sdk.responses.retrieve(made.id)
    items = [item async for item in sdk.responses.input_items.list(made.id)]

    assert fetched.to_dict() == made.to_dict()
    assert fetched.metadata == {"for": "a test"}
    assert [item.type for item in items] == ["message"]
    await sdk.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        await sdk.responses.retrieve(made.id)


async def test_a_response_that_is_not_to_be_stored_is_not(sdk: openai.AsyncOpenAI) -> None:
    made = await sdk.responses.create(model=MODEL, input="Hi", store=False)

    with pytest.raises(openai.NotFoundError):
        await sdk.responses.retrieve(made.id)
    with pytest.raises(openai.NotFoundError):
        await sdk.responses.create(model=MODEL, input="And?", previous_response_id=made.id)


async def test_stored_responses_outlive_a_restart(
    wired_settings: Settings, upstream: Upstream
) -> None:
    async with serving(wired_settings) as server, _sdk(server) as sdk:
        made = await sdk.responses.create(model=MODEL, input="Hi")
    async with serving(wired_settings) as server, _sdk(server) as sdk:
        await sdk.responses.create(model=MODEL, input="And?", previous_response_id=made.id)

    assert len(upstream.last().json["messages"]) == 3


async def test_an_answer_that_got_too_long_is_incomplete(
    sdk: openai.AsyncOpenAI, upstream: Upstream
) -> None:
    upstream.answer("fast", text("Once upon", finish="length"))
    whole = await sdk.responses.create(model=MODEL, input="Hi")
    found, response = await _stream(sdk)

    assert found[-1].type == "response.incomplete"
    for each in (whole, response):
        assert each.status == "incomplete"
        assert each.incomplete_details is not None
        assert each.incomplete_details.reason == "max_output_tokens"


async def test_a_schema_is_asked_for_and_the_answer_parsed(
    sdk: openai.AsyncOpenAI, upstream: Upstream
) -> None:
    upstream.answer("fast", text('{"name":"Oslo"}'))
    answer = await sdk.responses.parse(model=MODEL, input="A city", text_format=City)

    assert answer.output_parsed == City(name="Oslo")
    asked = upstream.last().json["response_format"]
    assert (asked["type"], asked["json_schema"]["name"]) == ("json_schema", "City")
