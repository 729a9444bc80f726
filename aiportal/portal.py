"""The portal: its parts, built in order and stopped in reverse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from typing import Any

from aiportal.accounts import (
    Accounts,
    ApiKeys,
    Credentials,
    Groups,
    Preferences,
    Sessions,
    SignInLinks,
    Tokens,
    Users,
    open_accounts,
)
from aiportal.chat import (
    AnswerCache,
    Chats,
    Completions,
    PageReader,
    PromptTokens,
    Responses,
    Searcher,
    open_chats,
)
from aiportal.dialects.operations import ModelRequest
from aiportal.fetch import Fetcher
from aiportal.local import LocalModels
from aiportal.personal_data import PersonalData
from aiportal.principal import Principal
from aiportal.registry import CustomModels, Registry, lay_out
from aiportal.routing import Completion, Router, RouterBox
from aiportal.sandbox import Sandbox
from aiportal.search import WebSearch
from aiportal.settings import Settings
from aiportal.store import Database, migrate
from aiportal.tools import Playground, ToolRuns, Tools, open_tool_runs, open_tools
from aiportal.usage import Door, Ledger

__all__ = ["Portal"]


@dataclass(frozen=True)
class Portal(Chats):
    """What every door is given. It holds no behaviour of its own; see the parts."""

    settings: Settings
    database: Database
    users: Users
    groups: Groups
    sessions: Sessions
    links: SignInLinks
    keys: ApiKeys
    tokens: Tokens
    credentials: Credentials
    preferences: Preferences
    registry: Registry
    custom_models: CustomModels
    ledger: Ledger
    local: LocalModels
    router: Router
    routerbox: RouterBox
    completions: Completions
    prompt_tokens: PromptTokens
    responses: Responses
    personal_data: PersonalData
    sandbox: Sandbox
    fetcher: Fetcher
    web_search: WebSearch
    tools: Tools
    tool_runs: ToolRuns
    playground: Playground

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator["Portal"]:
        """Migrate the database, start every part, and stop them in reverse when the context is left.

        Makes the data folder if need be. Raises ConfigError, DatabaseUnavailable.
        """
        await asyncio.to_thread(_prepare, settings)
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(Database(settings.database_path))
            accounts = await stack.enter_async_context(open_accounts(database, settings))
            await accounts.users.ensure_admin()
            registry = await stack.enter_async_context(await Registry.load(settings))
            local = await stack.enter_async_context(_local_models(settings))
            ledger = Ledger(database)
            router = await stack.enter_async_context(Router.open(local, ledger))
            fetcher = await stack.enter_async_context(_fetcher(settings))
            sandbox = await stack.enter_async_context(Sandbox.open(settings.sandbox))
            web_search = await _web_search(settings, fetcher)
            opening = open_tools(database, settings, sandbox, fetcher, web_search)
            tools = await stack.enter_async_context(opening)
            answers = AnswerCache()
            stack.callback(answers.clear)
            searcher = Searcher(web_search, PageReader(tools))
            completions = Completions(registry, router, answers, tools, searcher)
            chats = await stack.enter_async_context(
                open_chats(
                    database,
                    settings,
                    registry=registry,
                    completions=completions,
                    preferences=accounts.preferences,
                )
            )
            yield cls(
                settings=settings,
                database=database,
                registry=registry,
                custom_models=registry.custom_models,
                ledger=ledger,
                local=local,
                router=router,
                routerbox=RouterBox(registry, router.board),
                completions=completions,
                prompt_tokens=PromptTokens(registry, local, router),
                responses=Responses(database),
                personal_data=PersonalData(database, accounts, chats, ledger, registry),
                sandbox=sandbox,
                fetcher=fetcher,
                web_search=web_search,
                tools=tools,
                tool_runs=await stack.enter_async_context(open_tool_runs(database, tools)),
                playground=Playground(tools),
                **_parts(accounts),
                **_parts(chats),
            )

    def chat(
        self,
        principal: Principal,
        request: ModelRequest,
        *,
        source: Door,
        endpoint: str = "chat/completions",
        request_id: str | None = None,
    ) -> AbstractAsyncContextManager[Completion]:
        """One call of a model. See `Completions.open`."""
        return self.completions.open(
            principal, request, source=source, endpoint=endpoint, request_id=request_id
        )


def _parts(held: Accounts | Chats) -> dict[str, Any]:
    """By the names under which a portal has them, too."""
    return {part.name: getattr(held, part.name) for part in fields(held)}


def _prepare(settings: Settings) -> None:
    settings.make_data_dir()
    lay_out(settings)
    migrate(settings.database_path)


def _fetcher(settings: Settings) -> AbstractAsyncContextManager[Fetcher]:
    return Fetcher.open(settings.fetch_allow, contact=settings.fetch_contact)


async def _web_search(settings: Settings, fetcher: Fetcher) -> WebSearch:
    keys = await asyncio.to_thread(settings.provider_environment)
    return WebSearch.of(fetcher, keys, urls=settings.search_urls)


def _local_models(settings: Settings) -> LocalModels:
    return LocalModels(
        cache_dir=settings.cache_dir,
        idle_s=settings.local_idle_s,
        parallel=settings.local_parallel,
        is_enabled=settings.local_model == "on",
    )
