"""The portal's tools in chat completions: a scripted model, the real sandbox, the wire between."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from openai import AsyncOpenAI

from aiportal.settings import Settings
from tests.running import AppServer, serving
from tests.upstreams import Answer, Upstream, answers
from tests.upstreams.received import Received

TOOLS = {"enabled": True, "allowedTools": ["calculator"]}
QUESTION = [{"role": "user", "content": "What is 6 times 7?"}]


def call(expression: str, id_: str, *, index: int = 0, name: str = "calculator") -> dict[str, Any]:
    arguments = json.dumps({"expression": expression})
    function = {"name": name, "arguments": arguments}
    return {"index": index, "id": id_, "type": "function", "function": function}


def calling(*calls: dict[str, Any], text: str = "") -> Answer:
    """An answer that calls, streamed or whole; streamed its arguments come in two pieces."""

    def answer(request: Received) -> Sequence[answers.Step]:
        if not request.is_stream:
            message = {"role": "assistant", "content": text or None, "tool_calls": list(calls)}
            choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
            body = {"id": "x", "object": "chat.completion", "created": 1, "model": "fast"}
            whole = body | {"choices": [choice], "usage": dict(answers.USAGE)}
            return answers.plain(json.dumps(whole).encode())(request)
        pieces = [answers.chunk(text)] if text else []
        for one in calls:
            function = one["function"]
            first = function | {"arguments": function["arguments"][:5]}
            rest = {"index": one["index"], "function": {"arguments": function["arguments"][5:]}}
            pieces += [_delta(one | {"function": first}), _delta(rest)]
        pieces += [answers.chunk(finish="tool_calls"), answers.usage_chunk(), answers.DONE]
        return answers.stream(*pieces)(request)

    return answer


def _delta(piece: dict[str, Any]) -> bytes:
    choice = {"index": 0, "delta": {"tool_calls": [piece]}, "finish_reason": None}
    return answers.event({"id": "other", "object": "chat.completion.chunk", "choices": [choice]})


@pytest.fixture
async def portal(wired_settings: Settings) -> AsyncIterator[AppServer]:
    tools = Path(__file__).parents[2] / "tools"
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
        "fast", calling(call("6 * 7", "a"), text="Let me see."), answers.text("It is 42.")
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
    both = calling(call("6 * 7", "a"), call("2 ^ 10", "b", index=1), text="One moment.")
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
