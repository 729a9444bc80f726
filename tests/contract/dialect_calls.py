"""One call of a provider of another dialect, and what of it can be compared."""

from collections.abc import Mapping
from typing import Any

import orjson

from aiportal.dialects.sse import data_of, split_events
from aiportal.registry import Deployment, Model, Pricing, Timeouts
from aiportal.routing.upstreams.call import Upstream, UpstreamRequest
from tests.upstreams.received import Received

__all__ = ["KEY", "asked", "joined", "request_of", "sent", "streamed"]

KEY = "sk-test-secret"
# What an HTTP client says of itself.
_CLIENTS_OWN = {"accept", "accept-encoding", "connection", "content-length", "host", "user-agent"}
_COUNTED = (
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
)
_MODELS = {"anthropic": "claude-sonnet-4-5", "gemini": "gemini-2.5-flash"}


def request_of(
    dialect: str,
    url: str,
    body: Mapping[str, Any],
    *,
    model: str | None = None,
    key: str | None = KEY,
) -> UpstreamRequest:
    """A request for a deployment of this dialect at `url`; OpenAI's body is completed."""
    name = model or _MODELS[dialect]
    deployment = Deployment("test", dialect, name, url, key, {"x-of-config": "1"})
    portal_model = Model(
        id="test/model",
        name="test",
        provider="test",
        description="",
        deployments=(deployment,),
        context_window=None,
        max_output_tokens=None,
        capabilities=("chat",),
        pricing=Pricing(),
        parameters={},
        system_prompt="",
        base_model=None,
        weights=None,
    )
    whole = {"model": name, "messages": [{"role": "user", "content": "Hi"}], **body}
    timeouts = Timeouts(connect_s=2, first_byte_s=5, between_bytes_s=5, total_s=20)
    return UpstreamRequest(portal_model, deployment, whole, bool(body.get("stream")), timeouts)


async def asked(upstream: Upstream, request: UpstreamRequest) -> dict[str, Any]:
    """The whole answer of an unstreamed call."""
    call = await upstream.send(request)
    try:
        answer = orjson.loads(await call.read())
    finally:
        await call.close()
    assert isinstance(answer, dict)
    return answer


async def streamed(upstream: Upstream, request: UpstreamRequest) -> list[dict[str, Any]]:
    """The chunks of a streamed call."""
    call = await upstream.send(request)
    try:
        body = b"".join([piece async for piece in call.pieces()])
    finally:
        await call.close()
    data = [data_of(event) for event in split_events(body)]
    return [orjson.loads(each) for each in data if each and each != b"[DONE]"]


def sent(request: Received) -> dict[str, Any]:
    """What the provider got: address, headers other than the client's own, body."""
    headers = {name: text for name, text in request.headers.items() if name not in _CLIENTS_OWN}
    return {"path": request.path, "headers": headers, "body": request.json}


def joined(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    """A stream as one: texts and tool calls joined, each finish as it came, the last usage."""
    whole: dict[str, Any] = {"content": "", "reasoning": "", "thinking": [], "calls": {}}
    finishes: list[tuple[int, str]] = []
    for chunk in chunks:
        whole["usage"] = chunk.get("usage") or whole.get("usage")
        for choice in chunk["choices"]:
            _join(whole, choice["delta"])
            if choice["finish_reason"]:
                finishes.append((choice["index"], choice["finish_reason"]))
    return {**whole, "usage": _counts(whole["usage"]), "finishes": finishes}


def _join(whole: dict[str, Any], delta: dict[str, Any]) -> None:
    whole["content"] += delta.get("content") or ""
    whole["reasoning"] += delta.get("reasoning_content") or ""
    whole["thinking"] += delta.get("thinking_blocks") or []
    for call in delta.get("tool_calls") or []:
        known = whole["calls"].setdefault(call["index"], {"arguments": ""})
        function = call["function"]
        known["id"] = known.get("id") or call.get("id")
        known["name"] = known.get("name") or function.get("name")
        known["arguments"] += function.get("arguments") or ""


def _counts(usage: Any) -> dict[str, Any]:
    """What is counted and charged; acompletion's wrapper adds a price, and counts of its own."""
    told = dict(usage or {})
    for group in ("prompt_tokens_details", "completion_tokens_details"):
        told |= told.get(group) or {}
    return {name: told.get(name) or 0 for name in _COUNTED}
