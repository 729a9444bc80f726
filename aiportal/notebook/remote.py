"""A portal on another machine, or in another process: its HTTP API with one API key."""

import base64
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson

from aiportal.dialects import tool_json
from aiportal.dialects.sse import SseSplitter, data_of
from aiportal.errors import InternalError, ModelUnavailable, ServiceUnavailable
from aiportal.events import (
    Event,
    TurnStarted,
)
from aiportal.notebook.backend import (
    ConversationInfo,
    MessageInfo,
    ModelInfo,
    ToolInfo,
    ToolRequest,
    must_agree,
    record,
)
from aiportal.notebook.failures import failure_from_response
from aiportal.notebook.pieces import ChunkEnd, Outcome, Piece, read_chunks
from aiportal.notebook.turn import follow
from aiportal.notebook.wire import event_of, model_of, outcome_of, period_of, tool_of
from aiportal.search import Found, SearchResult
from aiportal.tools import ToolOutcome
from aiportal.usage import GroupBy, UsageGroup, UsageRow

__all__ = ["RemoteBackend"]

_PAGE = 200
_CONNECT_S = 10
_SILENCE_S = 900  # a model that is being loaded sends nothing; a running stream keeps alive


class RemoteBackend:
    """url: of the portal, with or without `/v1`. api_key: `ak_…`, whose rights count."""

    def __init__(self, url: str, *, api_key: str) -> None:
        self._base = url.rstrip("/").removesuffix("/v1").removesuffix("/api") + "/api/v1"
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._session: aiohttp.ClientSession | None = None
        self._default_model: str | None = None

    async def open(self) -> None:
        """Make the pool of connections; nothing is sent yet."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_SILENCE_S)
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def default_model(self) -> str:
        """As the portal's own list has it. Raises ModelUnavailable where the list is empty."""
        if self._default_model is None:
            models = await self.models()
            if not models:
                raise ModelUnavailable(
                    "This portal has no model that your key may use now. Ask its administrator."
                )
            self._default_model = next((m.id for m in models if m.is_default), models[0].id)
        return self._default_model

    async def chat(self, body: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        """See Backend."""
        async with self._request("POST", "/chat/completions", json=body) as response:
            request_id = response.headers.get("x-request-id", "")
            async with aclosing(read_chunks(_blocks(response))) as pieces:
                async for piece in pieces:
                    if not isinstance(piece, ChunkEnd):
                        yield piece
                        continue
                    yield Outcome(
                        request_id=request_id,
                        model=response.headers.get("x-aiportal-model", str(body.get("model"))),
                        finish_reason=piece.finish_reason,
                        usage=piece.usage,
                        cost_usd=await self._cost_usd(request_id),
                    )

    async def _cost_usd(self, request_id: str) -> float | None:
        """A stream's cost stands in its usage row only, which is written before the stream ends."""
        just_before = request_id[:-1]  # ids sort by time: no other id is between these two
        page = await self._get("/usage", after=just_before, limit=1)
        rows = [row for row in page["data"] if row["request_id"] == request_id]
        return float(rows[0]["cost_usd"]) if rows else None

    async def models(self) -> list[ModelInfo]:
        """See Backend."""
        page = await self._get("/models")
        return [model_of(model) for model in page["data"]]

    async def search(self, query: str, *, provider: str | None, max_results: int) -> Found:
        """See Backend."""
        body: dict[str, Any] = {"query": query, "max_results": max_results}
        if provider is not None:
            body["provider"] = provider
        async with self._request("POST", "/search", json=body) as response:
            found = await response.json(loads=orjson.loads)
        results = tuple(record(SearchResult, one) for one in found["results"])
        return Found(results, found["provider"], found["note"])

    async def tools(self) -> list[ToolInfo]:
        """See Backend."""
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"has_more": True}
        while page["has_more"]:
            after = {"after": found[-1]["id"]} if found else {}
            page = await self._get("/tools", limit=_PAGE, **after)
            found += page["data"]
        return [tool_of(tool) for tool in found if tool["available"]]

    async def run_tool(self, request: ToolRequest, files: Mapping[str, bytes]) -> ToolOutcome:
        """See Backend."""
        body = {
            "parameters": request.parameters,
            "session": request.session,
            "timeoutMs": request.timeout_ms,
            "files": [
                {"name": name, "data": base64.b64encode(data).decode()}
                for name, data in files.items()
            ],
        }
        told = await self._post(f"/tools/{quote(request.tool_id, safe='')}/execute", body)
        if "approvalId" in told:
            decision = {"approve": request.is_agreed}
            told = await self._post(f"/tools/approvals/{told['approvalId']}", decision)
            if not request.is_agreed:
                raise must_agree(request.tool_id)
        return outcome_of(request.tool_id, told)

    async def usage_rows(self, *, since: datetime | None, until: datetime | None) -> list[UsageRow]:
        """See Backend."""
        rows = await self._get("/usage/export.json", **period_of(since, until))
        return [record(UsageRow, row) for row in rows]

    async def usage_totals(
        self, group_by: GroupBy, *, since: datetime | None, until: datetime | None
    ) -> list[UsageGroup]:
        """See Backend."""
        page = await self._get("/usage", group_by=group_by, **period_of(since, until))
        return [record(UsageGroup, {**row, "value": row[group_by]}) for row in page["data"]]

    async def conversations(self, *, q: str | None, limit: int) -> list[ConversationInfo]:
        """See Backend."""
        query = {"limit": min(limit, _PAGE)} | ({} if q is None else {"q": q})
        page = await self._get("/conversations", **query)
        return [record(ConversationInfo, found) for found in page["data"]]

    async def conversation(self, conversation_id: str) -> ConversationInfo:
        """See Backend."""
        found = await self._get(f"/conversations/{quote(conversation_id, safe='')}")
        return record(ConversationInfo, found)

    async def create_conversation(
        self, *, title: str | None, model: str | None, system_prompt: str
    ) -> ConversationInfo:
        """See Backend."""
        body = {"title": title, "model": model, "system_prompt": system_prompt}
        given = {name: value for name, value in body.items() if value is not None}
        async with self._request("POST", "/conversations", json=given) as response:
            return record(ConversationInfo, await response.json(loads=orjson.loads))

    async def messages(self, conversation_id: str) -> list[MessageInfo]:
        """See Backend."""
        page = await self._get(f"/conversations/{quote(conversation_id, safe='')}/messages")
        return [record(MessageInfo, message) for message in page["data"]]

    def ask(self, conversation_id: str, body: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        """See Backend."""
        return follow(self._start_turn(conversation_id, body))

    async def _start_turn(self, conversation_id: str, body: Mapping[str, Any]) -> "_Turn":
        path = f"/conversations/{quote(conversation_id, safe='')}/turns"
        async with AsyncExitStack() as stack:
            response = await stack.enter_async_context(self._request("POST", path, json=body))
            events = _events(response)
            started = await anext(events)
            return _Turn(started, events, stack.pop_all(), self._cancel)

    async def _cancel(self, turn_id: str) -> None:
        """Hanging up does not end a turn: it is cancelled by its id."""
        async with self._request("POST", f"/turns/{quote(turn_id, safe='')}/cancel"):
            pass

    async def _get(self, path: str, **query: str | int) -> Any:
        async with self._request("GET", path, params=query) as response:
            return await response.json(loads=orjson.loads)

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        async with self._request("POST", path, json=body) as response:
            return await response.json(loads=tool_json.loads)

    @asynccontextmanager
    async def _request(
        self, method: str, path: str, **options: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One call. Raises the portal's own error for a status of 400 and more."""
        if self._session is None:
            raise InternalError("The connection to the portal is not open.")
        with _translated():
            async with self._session.request(method, self._base + path, **options) as response:
                if response.status >= 400:
                    raise failure_from_response(
                        response.status,
                        _decoded(await response.read()),
                        retry_after=response.headers.get("retry-after"),
                    )
                yield response


@contextmanager
def _translated() -> Iterator[None]:
    """The border to aiohttp."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ServiceUnavailable(
            f"The portal does not answer ({type(error).__name__}). "
            "Check its address, and that it runs: aiportal serve",
            code="portal_unreachable",
        ) from error


class _Turn:
    """See TurnCall. The connection stays open until `close`."""

    def __init__(
        self,
        started: Event,
        rest: AsyncIterator[Event],
        connection: AsyncExitStack,
        cancel: Callable[[str], Awaitable[None]],
    ) -> None:
        self._started = started
        self._rest = rest
        self._connection = connection
        self._cancel = cancel

    async def events(self) -> AsyncIterator[Event]:
        yield self._started
        with _translated():
            async for event in self._rest:
                yield event

    async def cancel(self) -> None:
        if isinstance(self._started, TurnStarted):
            await self._cancel(self._started.turn_id)

    async def close(self) -> None:
        await self._connection.aclose()


async def _events(response: aiohttp.ClientResponse) -> AsyncGenerator[Event, None]:
    splitter = SseSplitter()
    async for block in response.content.iter_any():
        for raw in splitter.feed(block):
            data = data_of(raw)
            if data is None or data == b"[DONE]":
                continue
            event = event_of(tool_json.loads(data))
            if event is not None:
                yield event


async def _blocks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async for block in response.content.iter_any():
        yield block


def _decoded(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
