"""The portal as a notebook has it: each method for plain cells, and its twin for `await`."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiportal.notebook.access import Access
from aiportal.notebook.answer import Answer
from aiportal.notebook.backend import Backend, ConversationInfo, ModelInfo
from aiportal.notebook.batch import BatchRow, run_batch
from aiportal.notebook.conversation import Conversation
from aiportal.notebook.cores import process_cores
from aiportal.notebook.display import Display, NoDisplay, display_here
from aiportal.notebook.embedded import EmbeddedBackend
from aiportal.notebook.found import FoundTable
from aiportal.notebook.loop import process_loop
from aiportal.notebook.pieces import Piece
from aiportal.notebook.prompt import Prompt, chat_body
from aiportal.notebook.remote import RemoteBackend
from aiportal.notebook.stream import TextStream
from aiportal.notebook.table import Table
from aiportal.notebook.tools import NotebookTools
from aiportal.settings import Settings
from aiportal.usage import GroupBy, UsageGroup, UsageRow

__all__ = ["Portal", "connect"]


def connect(url: str, api_key: str) -> "Portal":
    """A running portal over HTTP, with the rights of an API key (`ak_…`).

    Nothing is sent before the first call. Each call raises PortalError as an embedded portal would.
    """
    return Portal(backend=RemoteBackend(url, api_key=api_key))


class Portal:
    """`Portal()` runs in this process, on the data folder of `aiportal serve`, as its operator.

    It opens at the first call; `close`, or the end of `with` or of the process, closes it.

    data_dir: another data folder. settings: all settings, instead of the environment's.
    backend: what `connect` passes. `.tools.run(…)` runs a tool, `.tools.list()` tells which there are.
    """

    def __init__(
        self,
        data_dir: str | Path | None = None,
        *,
        settings: Settings | None = None,
        backend: Backend | None = None,
    ) -> None:
        if backend is None:
            settings = settings or Settings()
            if data_dir is not None:
                settings = settings.model_copy(update={"data_dir": Path(data_dir)})
            backend = EmbeddedBackend(settings, process_cores())
        self._access = Access(backend, process_loop())
        self.tools = NotebookTools(self._access)

    def chat(
        self, prompt: Prompt, *, model: str | None = None, system: str | None = None, **extra: Any
    ) -> Answer:
        """Ask a model and wait for its answer; a notebook shows it while it comes.

        prompt: a question, or OpenAI's messages. model: an id of `models()`, else the default.
        system: a system prompt. extra: OpenAI's other fields (temperature, max_tokens, tools…), and
        `web_search=True` for an answer with sources of the web.
        The kernel's Stop, or Ctrl-C, stops the model. Raises PortalError.
        """
        return self._access.run(self._chat(display_here(), prompt, model, system, extra))

    async def achat(
        self, prompt: Prompt, *, model: str | None = None, system: str | None = None, **extra: Any
    ) -> Answer:
        """As `chat`, for `await`."""
        return await self._access.wrap(self._chat(display_here(), prompt, model, system, extra))

    def stream(
        self, prompt: Prompt, *, model: str | None = None, system: str | None = None, **extra: Any
    ) -> TextStream:
        """As `chat`, but the text in pieces, for `for`. Nothing is shown."""
        return TextStream(self._access.loop, self._pieces(prompt, model, system, extra))

    def astream(
        self, prompt: Prompt, *, model: str | None = None, system: str | None = None, **extra: Any
    ) -> TextStream:
        """As `stream`, for `async for`."""
        return TextStream(self._access.loop, self._pieces(prompt, model, system, extra))

    def batch(
        self,
        prompts: Iterable[Prompt],
        *,
        concurrency: int = 8,
        model: str | None = None,
        system: str | None = None,
        **extra: Any,
    ) -> Table[BatchRow]:
        """Ask many things, `concurrency` at a time; `.df()` gives a DataFrame.

        An error ends its own row only. The other arguments are those of `chat`.
        """
        return self._access.run(self._batch(prompts, concurrency, model, system, extra))

    async def abatch(
        self,
        prompts: Iterable[Prompt],
        *,
        concurrency: int = 8,
        model: str | None = None,
        system: str | None = None,
        **extra: Any,
    ) -> Table[BatchRow]:
        """As `batch`, for `await`."""
        return await self._access.wrap(self._batch(prompts, concurrency, model, system, extra))

    def models(self) -> Table[ModelInfo]:
        """The models that may be used now."""
        return self._access.run(self._models())

    async def amodels(self) -> Table[ModelInfo]:
        """As `models`, for `await`."""
        return await self._access.wrap(self._models())

    def search(
        self, query: str, *, provider: str | None = None, max_results: int = 10
    ) -> FoundTable:
        """Pages of the web, best first; `.note` says what should be known of them.

        provider: brave, tavily, searxng or wikipedia, else all that are set up. Raises PortalError.
        """
        return self._access.run(self._search(query, provider, max_results))

    async def asearch(
        self, query: str, *, provider: str | None = None, max_results: int = 10
    ) -> FoundTable:
        """As `search`, for `await`."""
        return await self._access.wrap(self._search(query, provider, max_results))

    def usage(
        self,
        group_by: GroupBy | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Table[UsageRow] | Table[UsageGroup]:
        """What calls used and cost: each call, or sums by model, day, key, user or endpoint."""
        return self._access.run(self._usage(group_by, since, until))

    async def ausage(
        self,
        group_by: GroupBy | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Table[UsageRow] | Table[UsageGroup]:
        """As `usage`, for `await`."""
        return await self._access.wrap(self._usage(group_by, since, until))

    def conversations(self, q: str | None = None, *, limit: int = 50) -> Table[ConversationInfo]:
        """Stored conversations, newest first; `q` are words to look for in them."""
        return self._access.run(self._conversations(q, limit))

    async def aconversations(
        self, q: str | None = None, *, limit: int = 50
    ) -> Table[ConversationInfo]:
        """As `conversations`, for `await`."""
        return await self._access.wrap(self._conversations(q, limit))

    def conversation(
        self,
        conversation_id: str | None = None,
        *,
        title: str | None = None,
        model: str | None = None,
        system: str = "",
    ) -> Conversation:
        """One of them by its id, or a new one. `.ask(…)` goes on with it."""
        return self._access.run(self._conversation(conversation_id, title, model, system))

    async def aconversation(
        self,
        conversation_id: str | None = None,
        *,
        title: str | None = None,
        model: str | None = None,
        system: str = "",
    ) -> Conversation:
        """As `conversation`, for `await`."""
        return await self._access.wrap(self._conversation(conversation_id, title, model, system))

    def close(self) -> None:
        """Let go of the portal; an embedded one stops with its last user. May be called again."""
        self._access.run(self._access.close())

    async def aclose(self) -> None:
        """As `close`, for `await`."""
        await self._access.wrap(self._access.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _pieces(
        self, prompt: Prompt, model: str | None, system: str | None, extra: Mapping[str, Any]
    ) -> AsyncGenerator[Piece, None]:
        backend = await self._access.backend()
        model = model or await backend.default_model()
        body = chat_body(prompt, model=model, system=system, parameters=extra)
        async with aclosing(backend.chat(body)) as pieces:
            async for piece in pieces:
                yield piece

    async def _chat(
        self,
        display: Display,
        prompt: Prompt,
        model: str | None,
        system: str | None,
        extra: Mapping[str, Any],
    ) -> Answer:
        return await self._access.answer(self._pieces(prompt, model, system, extra), display)

    async def _batch(
        self,
        prompts: Iterable[Prompt],
        concurrency: int,
        model: str | None,
        system: str | None,
        extra: Mapping[str, Any],
    ) -> Table[BatchRow]:
        async def ask(prompt: Prompt) -> Answer:
            return await self._chat(NoDisplay(), prompt, model, system, extra)

        return await run_batch(prompts, ask, concurrency=concurrency)

    async def _models(self) -> Table[ModelInfo]:
        return Table(ModelInfo, await (await self._access.backend()).models())

    async def _search(self, query: str, provider: str | None, max_results: int) -> FoundTable:
        backend = await self._access.backend()
        return FoundTable(await backend.search(query, provider=provider, max_results=max_results))

    async def _usage(
        self, group_by: GroupBy | None, since: datetime | None, until: datetime | None
    ) -> Table[UsageRow] | Table[UsageGroup]:
        backend = await self._access.backend()
        if group_by is None:
            return Table(UsageRow, await backend.usage_rows(since=since, until=until))
        return Table(UsageGroup, await backend.usage_totals(group_by, since=since, until=until))

    async def _conversations(self, q: str | None, limit: int) -> Table[ConversationInfo]:
        backend = await self._access.backend()
        return Table(ConversationInfo, await backend.conversations(q=q, limit=limit))

    async def _conversation(
        self, conversation_id: str | None, title: str | None, model: str | None, system: str
    ) -> Conversation:
        backend = await self._access.backend()
        if conversation_id is None:
            info = await backend.create_conversation(title=title, model=model, system_prompt=system)
        else:
            info = await backend.conversation(conversation_id)
        return Conversation(self._access, info)
