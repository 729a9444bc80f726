"""A portal in this process, asked as its operator."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import asdict
from datetime import datetime
from typing import Any

from aiportal.chat import Turns
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.errors import InternalError
from aiportal.events import Event
from aiportal.notebook.backend import (
    ConversationInfo,
    MessageInfo,
    ModelInfo,
    ToolInfo,
    ToolRequest,
    must_agree,
    record,
)
from aiportal.notebook.cores import Cores
from aiportal.notebook.first_weights import fetch_first_weights
from aiportal.notebook.pieces import ChunkEnd, Outcome, Piece, read_chunks
from aiportal.notebook.turn import follow
from aiportal.portal import Portal
from aiportal.principal import Principal
from aiportal.search import Found
from aiportal.settings import Settings
from aiportal.tools import Approval, ToolOutcome
from aiportal.usage import GroupBy, UsageGroup, UsageRow

__all__ = ["EmbeddedBackend"]


class EmbeddedBackend:
    """Shares its core with everything else in the process that uses the same data folder."""

    def __init__(self, settings: Settings, cores: Cores) -> None:
        self._settings = settings
        self._cores = cores
        self._core: Portal | None = None
        self._principal: Principal | None = None

    @property
    def core(self) -> Portal:
        """The core. Raises InternalError before `open`."""
        if self._core is None:
            raise InternalError("The embedded portal is not open.")
        return self._core

    @property
    def principal(self) -> Principal:
        """The operator. Raises InternalError before `open`."""
        if self._principal is None:
            raise InternalError("The embedded portal is not open.")
        return self._principal

    async def open(self) -> None:
        """Open the core, or join those who have it open. Raises Conflict, DatabaseUnavailable."""
        self._core = await self._cores.acquire(self._settings)
        self._principal = await self._core.users.operator()

    async def close(self) -> None:
        """Leave the core; the last one out closes it."""
        if self._core is not None:
            self._core = None
            await self._cores.release(self._settings)

    async def default_model(self) -> str:
        """As the model config has it."""
        return self.core.registry.default_model

    async def chat(self, body: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        """See Backend."""
        core = self.core
        request = ChatRequest.parse(dict(body), core.registry.limits)
        async with aclosing(fetch_first_weights(core, request.model)) as notices:
            async for notice in notices:
                yield notice
        async with (
            core.completions.follow(
                self.principal, request, source="notebook", endpoint="chat/completions"
            ) as completion,
            aclosing(read_chunks(completion.chunks())) as pieces,
        ):
            async for piece in pieces:
                if not isinstance(piece, ChunkEnd):
                    yield piece
                    continue
                report = completion.report
                yield Outcome(
                    request_id=completion.request_id,
                    model=completion.model_id,
                    finish_reason=piece.finish_reason,
                    usage=piece.usage,
                    cost_usd=None if report is None else report.cost_usd,
                )

    async def models(self) -> list[ModelInfo]:
        """See Backend."""
        registry = self.core.registry
        return [
            ModelInfo(
                id=model.id,
                name=model.name,
                context_window=model.context_window,
                max_output_tokens=model.max_output_tokens,
                capabilities=model.capabilities,
                input_per_million=model.pricing.input_per_million,
                output_per_million=model.pricing.output_per_million,
                is_default=model.id == registry.default_model,
                description=model.description,
            )
            for model in await registry.list(self.principal)
        ]

    async def search(self, query: str, *, provider: str | None, max_results: int) -> Found:
        """See Backend."""
        return await self.core.web_search.search(
            self.principal, query, provider=provider, max_results=max_results
        )

    async def tools(self) -> list[ToolInfo]:
        """See Backend."""
        return [
            ToolInfo(
                id=status.tool.id,
                name=status.tool.name,
                description=status.tool.description,
                requires_approval=status.tool.needs_approval,
                parameters=status.tool.parameters,
            )
            for status in await self.core.tools.list(self.principal)
            if status.is_usable
        ]

    async def run_tool(self, request: ToolRequest, files: Mapping[str, bytes]) -> ToolOutcome:
        """See Backend."""
        tools, principal = self.core.tools, self.principal
        found = await tools.execute(
            principal,
            request.tool_id,
            request.parameters,
            source="notebook",
            timeout_ms=request.timeout_ms,
            files=files,
            session=request.session,
        )
        if isinstance(found, Approval):
            decided = await tools.decide(principal, found.id, approve=request.is_agreed)
            if not request.is_agreed:
                raise must_agree(request.tool_id)
            return await decided.outcome()
        return found

    async def usage_rows(self, *, since: datetime | None, until: datetime | None) -> list[UsageRow]:
        """See Backend."""
        return list(await self.core.ledger.rows(self.principal, since=since, until=until))

    async def usage_totals(
        self, group_by: GroupBy, *, since: datetime | None, until: datetime | None
    ) -> list[UsageGroup]:
        """See Backend."""
        totals = self.core.ledger.totals
        return list(await totals(self.principal, group_by=group_by, since=since, until=until))

    async def conversations(self, *, q: str | None, limit: int) -> list[ConversationInfo]:
        """See Backend."""
        page = await self.core.conversations.list(self.principal, q=q, limit=limit)
        return [record(ConversationInfo, asdict(found)) for found in page.data]

    async def conversation(self, conversation_id: str) -> ConversationInfo:
        """See Backend."""
        found = await self.core.conversations.get(self.principal, conversation_id)
        return record(ConversationInfo, asdict(found))

    async def create_conversation(
        self, *, title: str | None, model: str | None, system_prompt: str
    ) -> ConversationInfo:
        """See Backend."""
        made = await self.core.conversations.create(
            self.principal, title=title, model=model, system_prompt=system_prompt
        )
        return record(ConversationInfo, asdict(made))

    async def messages(self, conversation_id: str) -> list[MessageInfo]:
        """See Backend."""
        found = await self.core.conversations.messages(self.principal, conversation_id)
        return [record(MessageInfo, asdict(message)) for message in found]

    def ask(self, conversation_id: str, body: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        """See Backend."""
        return follow(self._start_turn(conversation_id, body))

    async def _start_turn(self, conversation_id: str, body: Mapping[str, Any]) -> "_Turn":
        turns, principal = self.core.turns, self.principal
        started = await turns.start(principal, conversation_id, **body, source="notebook")
        return _Turn(turns, principal, started.turn_id)


class _Turn:
    """See TurnCall."""

    def __init__(self, turns: Turns, principal: Principal, turn_id: str) -> None:
        self._turns = turns
        self._principal = principal
        self._id = turn_id

    async def events(self) -> AsyncIterator[Event]:
        async for _, event in self._turns.follow(self._principal, self._id):
            yield event

    async def cancel(self) -> None:
        await self._turns.cancel(self._principal, self._id)

    async def close(self) -> None:
        """There is nothing to let go of."""
