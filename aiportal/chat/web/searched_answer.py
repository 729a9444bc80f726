"""An answer for which the web is searched first: sources into the prompt, citations out of the text."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace
from types import TracebackType
from typing import Any, Literal, Self

from aiportal.chat.tool_loop import ToolLoop
from aiportal.chat.web.citations import annotations_of
from aiportal.chat.web.cited_stream import CitedStream
from aiportal.chat.web.findings import Findings
from aiportal.chat.web.frame import with_sources
from aiportal.chat.web.searcher import Gathered
from aiportal.dialects import tool_json
from aiportal.dialects.chat_chunk import chunk_of
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.dialects.sse import split_events
from aiportal.errors import PortalError
from aiportal.events import (
    ReasoningDelta,
    SourceFound,
    TextDelta,
    ToolCalled,
    ToolReturned,
    UsageReported,
    WebSearched,
)
from aiportal.routing import Completion

__all__ = ["SearchedAnswer"]

Gather = Callable[[], Awaitable[Gathered]]
OpenAnswer = Callable[[ChatRequest], AbstractAsyncContextManager[Completion | ToolLoop]]
Delta = WebSearched | SourceFound | TextDelta | ReasoningDelta | ToolCalled | ToolReturned


class SearchedAnswer:
    """An `Answer`. Entered once the answer has begun, or, where it is followed, at once: then it begins
    when it is read, and the search is the first that `deltas` tell of. Leaving it ends what runs.

    open_answer: asks the model, with the portal's tools where they are wanted.
    """

    cache: Literal["hit", "miss"] | None = None
    age_s = 0.0

    def __init__(
        self,
        gather: Gather,
        request: ChatRequest,
        open_answer: OpenAnswer,
        *,
        max_chars: int,
        is_followed: bool,
    ) -> None:
        self._gather = gather
        self._request = request
        self._open_answer = open_answer
        self._max_chars = max_chars
        self._is_followed = is_followed
        self._opening: AbstractAsyncContextManager[Completion | ToolLoop] | None = None
        self._answer: Completion | ToolLoop | None = None
        self._findings = Findings()
        self.is_stream = request.is_stream
        self.model_id = request.model
        self.deployment_id = ""

    async def __aenter__(self) -> Self:
        if not self._is_followed:
            await self._begun()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._opening is not None:
            await self._opening.__aexit__(kind, error, traceback)

    @property
    def report(self) -> UsageReported | None:
        """What the model calls used."""
        return None if self._answer is None else self._answer.report

    @property
    def finish_reason(self) -> str | None:
        return None if self._answer is None else self._answer.finish_reason

    @property
    def request_id(self) -> str:
        return "" if self._answer is None else self._answer.request_id

    def fail(self, error: PortalError) -> None:
        """See `Completion.fail`."""
        if self._answer is not None:
            self._answer.fail(error)

    async def read(self) -> bytes:
        """The answer as one body, with `annotations`, `citations` and what was searched."""
        answer = await (await self._begun()).read()
        findings = self._findings
        value: dict[str, Any] = chunk_of(answer)
        message = value["choices"][0]["message"]
        text = message.get("content")
        cited = annotations_of(text, findings.sources) if isinstance(text, str) else []
        message["annotations"] = [*(message.get("annotations") or ()), *cited]
        value["citations"] = findings.citations()
        value["web_search"] = findings.as_json()
        return tool_json.dumps(value)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The stream; see `CitedStream`. Raises as `Completion.chunks` does."""
        answer = await self._begun()
        cited = CitedStream(self._findings)
        async with aclosing(answer.chunks()) as blocks:
            async for block in blocks:
                yield b"".join(map(cited.passed, split_events(block)))

    async def deltas(self) -> AsyncGenerator[Delta, None]:
        """The search, its sources, then the answer's events. Raises as both do."""
        gathered = await self._gather()
        for event in gathered.findings.events():
            yield event
        answer = await self._open(gathered)
        async with aclosing(answer.deltas()) as deltas:
            async for delta in deltas:
                yield delta

    async def _begun(self) -> Completion | ToolLoop:
        return self._answer or await self._open(await self._gather())

    async def _open(self, gathered: Gathered) -> Completion | ToolLoop:
        self._findings = gathered.findings
        body = self._request.body
        messages = with_sources(
            body["messages"], gathered.findings, gathered.texts, max_chars=self._max_chars
        )
        request = replace(self._request, body={**body, "messages": messages}, web_search=None)
        opening = self._open_answer(request)
        answer = await opening.__aenter__()
        self._opening, self._answer = opening, answer
        self.model_id, self.deployment_id = answer.model_id, answer.deployment_id
        return answer
