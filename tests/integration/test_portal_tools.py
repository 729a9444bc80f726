"""The portal's tools in chat completions: a scripted model, the real sandbox, the wire between."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from openai import AsyncOpenAI

from aiportal.dialects.openai_chat import ChatRequest
from aiportal.settings import Settings
from aiportal.tools import Approval
from tests.running import AppServer, chat_chunks, serving
from tests.tool_folder import write_tools
from tests.upstreams import Upstream, answers
from tests.upstreams.calling import call, calling
from tests.waiting import until

TOOLS = {"enabled": True, "allowedTools": ["calculator"]}
QUESTION = [{"role": "user", "content": "What is 6 times 7?"}]


def calculate(expression: str, id_: str, *, index: int = 0) -> dict[str, Any]:
    return call("calculator", id_, index=index, expression=expression)


@pytest.fixture
async def portal(wired_settings: Settings, tmp_path: Path) -> AsyncIterator[AppServer]:
    tools = write_tools(tmp_path / "tools")
    settings = wired_settings.model_copy(update={"tools_dir": tools})
    async with serving(settings) as server:
        yield server


async def _posted(portal: AppServer, **fields: Any) -> tuple[int, dict[str, Any], Any]:
    body = {"model": "acme/fast", "messages": QUESTION, "tools": TOOLS} | fields
    url = f"{portal.url}/v1/chat/completions"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=body, headers=portal.headers) as response,
    ):
        return response.status, await response.json(), response.headers


async def test_a_whole_answer_has_the_events_and_the_sum_of_all_calls(
    portal: AppServer, upstream: Upstream
) -> None:
    upstream.answer(
        "fast", calling(calculate("6 * 7", "a"), text="Let me see."), answers.text("It is 42.")
    )
    status, body, headers = await _posted(portal)
    assert status == 200, body
    assert body["choices"][0]["message"]["content"] == "Let me see.\n\nIt is 42."
    called, returned = body["tool_events"]
    assert called["arguments"] == {"expression": "6 * 7"}
    assert returned["result"]["result"] == "42"
    assert body["usage"]["total_tokens"] == 26
    rows = await portal.rows(2)
    assert {row.run_id for row in rows} == {headers["x-request-id"]}
    assert sum(row.cost_usd for row in rows) == pytest.approx(float(headers["x-aiportal-cost"]))
    told = upstream.last().json["messages"][-1]
    assert told["tool_call_id"] == "a"
    assert "42" in told["content"]


async def test_openais_client_reads_the_events_of_a_stream(
    portal: AppServer, upstream: Upstream
) -> None:
    both = calling(calculate("6 * 7", "a"), calculate("2 ^ 10", "b", index=1), text="One moment.")
    upstream.answer("fast", both, answers.text("42 and 1024."))
    client = AsyncOpenAI(base_url=f"{portal.url}/v1", api_key=portal.key)
    stream = await client.chat.completions.create(
        model="acme/fast",
        messages=[{"role": "user", "content": "?"}],
        stream=True,
        stream_options={"include_usage": True},
        extra_body={"tools": TOOLS},
    )
    chunks = [chunk.model_dump() async for chunk in stream]
    kinds = [chunk.get("type") or "chunk" for chunk in chunks]
    assert kinds.count("tool_call") == kinds.count("tool_result") == 2
    assert kinds.index("tool_call") > 0
    said = [chunk for chunk in chunks if chunk.get("choices")]
    text = "".join(chunk["choices"][0]["delta"]["content"] or "" for chunk in said)
    assert text == "One moment.\n\n42 and 1024."
    assert len({chunk["id"] for chunk in said}) == 1
    assert [c["choices"][0]["finish_reason"] for c in said if c["choices"][0]["finish_reason"]] == [
        "stop"
    ]
    assert chunks[-1]["usage"]["total_tokens"] == 26
    await client.close()


async def _streamed(portal: AppServer, **fields: Any) -> list[dict[str, Any]]:
    body = {"model": "acme/fast", "messages": QUESTION, "tools": TOOLS}
    return await chat_chunks(portal, body | fields)


async def test_five_calls_with_an_error_in_the_middle(
    portal: AppServer, upstream: Upstream
) -> None:
    upstream.answer(
        "fast",
        calling(calculate("1 + 1", "a")),
        calling(calculate("2 * 2", "b")),
        calling(call("calculator", "c", expresion="3")),
        calling(call("no_such_tool", "d"), calculate("1 / 0", "e", index=1)),
        calling(calculate("3 + 3", "f")),
        answers.text("Six."),
    )
    events = await _streamed(portal)
    ended = [event for event in events if event.get("type") == "tool_result"]
    assert [event["call_id"] for event in ended][:3] == ["a", "b", "c"]
    assert {e["call_id"] for e in ended if "error" in e} == {"c", "d", "e"}
    messages = upstream.last().json["messages"]
    told = {m["tool_call_id"]: m["content"] for m in messages if m["role"] == "tool"}
    assert list(told) == ["a", "b", "c", "d", "e", "f"]
    assert "expression" in told["c"]
    assert "no such tool" in told["d"]
    assert len(await portal.rows(6)) == 6


async def test_after_eight_rounds_the_model_has_to_answer(
    portal: AppServer, upstream: Upstream
) -> None:
    calls = [calling(calculate("1 + 1", str(number))) for number in range(8)]
    upstream.answer("fast", *calls, answers.text("Enough."))
    events = await _streamed(portal, tool_choice="required")
    asked = [request.json for request in upstream.requests]
    assert [one.get("tool_choice") for one in asked] == ["required", *[None] * 7, "none"]
    assert "No more tools" in asked[-1]["messages"][-1]["content"]
    text = "".join(e["choices"][0]["delta"].get("content") or "" for e in events if "choices" in e)
    assert text == "Enough."


async def test_a_model_that_never_answers_ends_with_an_error_event(
    portal: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", calling(calculate("1 + 1", "a"), text="Hm."))
    events = await _streamed(portal)
    assert events[-1]["error"]["code"] == "too_many_tool_rounds"


@pytest.mark.parametrize(
    ("tools", "status", "param"),
    [
        ({"allowedTools": ["nothing"]}, 404, "tools.allowedTools"),
        ({"allowedTools": "calculator"}, 400, "tools.allowedTools"),
        ({"enabled": "yes"}, 400, "tools.enabled"),
        ({"allowed": []}, 400, "tools.allowed"),
    ],
)
async def test_what_cannot_be_had_is_refused_before_the_model_is_asked(
    portal: AppServer, upstream: Upstream, tools: dict[str, Any], status: int, param: str
) -> None:
    answered, body, _ = await _posted(portal, tools=tools)
    assert (answered, body["error"]["param"]) == (status, param)
    assert upstream.requests == []


async def test_a_whole_answer_waits_for_nobody(portal: AppServer, upstream: Upstream) -> None:
    upstream.answer("fast", calling(call("asks", "a")), answers.text("I may not."))
    _, body, _ = await _posted(portal, tools={"enabled": True})
    assert "approval" in body["tool_events"][1]["error"]
    assert body["choices"][0]["message"]["content"] == "I may not."


async def test_a_stream_waits_until_a_person_agrees(portal: AppServer, upstream: Upstream) -> None:
    upstream.answer("fast", calling(call("asks", "a", x=2**100)), answers.text("Done."))
    streaming = asyncio.create_task(_streamed(portal, tools={"enabled": True}))
    operator = await portal.portal.users.operator()
    waiting: list[Approval] = []

    async def is_asked() -> bool:
        waiting.extend(await portal.portal.tools.approvals(operator))
        return bool(waiting)

    await until(is_asked)
    await portal.portal.tools.decide(operator, waiting[0].id, approve=True)
    events = await streaming
    called = next(event for event in events if event.get("type") == "tool_call")
    returned = next(event for event in events if event.get("type") == "tool_result")
    assert called["approval_id"] == waiting[0].id
    assert returned["result"] == {"x": 2**100}


async def test_who_hangs_up_ends_the_tool(portal: AppServer, upstream: Upstream) -> None:
    upstream.answer("fast", calling(call("sleeper", "a", seconds=60)))
    body = {"model": "acme/fast", "messages": QUESTION, "tools": {"enabled": True}, "stream": True}
    url = f"{portal.url}/v1/chat/completions"
    async with (
        asyncio.timeout(10),
        aiohttp.ClientSession() as session,
        session.post(url, json=body, headers=portal.headers) as response,
    ):
        async for line in response.content:
            if b"tool_call" in line:
                break
    await until(lambda: "ToolRunner._end" not in repr(asyncio.all_tasks()))


async def test_who_stops_reading_ends_the_tool_too(portal: AppServer, upstream: Upstream) -> None:
    complaints: list[str] = []
    handler = lambda _, context: complaints.append(context["message"])  # noqa: E731
    asyncio.get_running_loop().set_exception_handler(handler)
    calls = [call("sleeper", id_, index=place, seconds=60) for place, id_ in enumerate("ab")]
    upstream.answer("fast", calling(*calls))
    body = {"model": "acme/fast", "messages": QUESTION, "tools": {"enabled": True}, "stream": True}
    operator = await portal.portal.users.operator()
    opening = portal.portal.completions.answer(
        operator, ChatRequest.parse(body), source="notebook", endpoint="chat.completions"
    )
    async with asyncio.timeout(10), opening as answer, aclosing(answer.chunks()) as chunks:
        async for chunk in chunks:
            if b'"call_id":"b"' in chunk:
                break
    gc.collect()
    await asyncio.sleep(0)
    assert complaints == []


async def test_a_response_can_use_them_too(portal: AppServer, upstream: Upstream) -> None:
    upstream.answer("fast", calling(calculate("6 * 7", "a")), answers.text("It is 42."))
    client = AsyncOpenAI(base_url=f"{portal.url}/v1", api_key=portal.key)
    own = {"tools": TOOLS}
    whole = await client.responses.create(model="acme/fast", input="6 * 7?", extra_body=own)
    assert whole.output_text == "It is 42."
    upstream.answer("fast", calling(calculate("6 * 7", "a")), answers.text("It is 42."))
    stream = await client.responses.create(
        model="acme/fast", input="6 * 7?", extra_body=own, stream=True
    )
    kinds = [str(event.type) async for event in stream]
    assert (
        kinds.index("tool_call")
        < kinds.index("tool_result")
        < kinds.index("response.output_text.delta")
    )
    assert kinds[-1] == "response.completed"
    await client.close()
