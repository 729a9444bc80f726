"""Fixtures: two people, their conversations, and turns that a fake provider answers."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import sqlite_utils

from aiportal.chat import (
    AnswerCache,
    Attachments,
    Branches,
    Completions,
    Conversation,
    Conversations,
    Exports,
    Imports,
    Shares,
    Turns,
)
from aiportal.dialects.openai_chat import ChatLimits
from aiportal.local import LocalModels
from aiportal.principal import Principal
from aiportal.registry import Registry
from aiportal.routing import Router
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.usage import Ledger

OpenTurns = Callable[[], AbstractAsyncContextManager[Turns]]


async def _person(database: Database, name: str) -> Principal:
    row = {
        "id": f"user_{name}",
        "username": name,
        "username_key": name,
        "name": name,
        "role": "user",
        "created_at": "2026-01-01T00:00:00.000+00:00",
    }

    def insert(connection: sqlite_utils.Database) -> None:
        connection.table("users").insert(row)

    await database.write(insert)
    return Principal(user_id=f"user_{name}", username=name, role="user")


@pytest.fixture
async def ann(database: Database) -> Principal:
    """Who asks."""
    return await _person(database, "ann")


@pytest.fixture
async def ben(database: Database) -> Principal:
    """Somebody else."""
    return await _person(database, "ben")


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database)


@pytest.fixture
def branches(database: Database) -> Branches:
    return Branches(database, limits=ChatLimits)


@pytest.fixture
def exports(database: Database) -> Exports:
    return Exports(database)


@pytest.fixture
def imports(database: Database) -> Imports:
    return Imports(database)


@pytest.fixture
def shares(database: Database) -> Shares:
    return Shares(database)


@pytest.fixture
async def chat(conversations: Conversations, ann: Principal) -> Conversation:
    """An empty conversation of Ann's."""
    return await conversations.create(ann)


@pytest.fixture
def open_turns(
    wired_settings: Settings, database: Database, conversations: Conversations
) -> OpenTurns:
    """Opens the turns of a portal whose models `upstream` serves; several may be open at once."""

    @asynccontextmanager
    async def open_turns() -> AsyncIterator[Turns]:
        registry = await Registry.load(wired_settings)
        local = LocalModels(
            cache_dir=wired_settings.cache_dir, idle_s=60, parallel=1, is_enabled=False
        )
        async with (
            local,
            Router.open(local, Ledger(database)) as router,
            Turns(
                database,
                wired_settings,
                registry=registry,
                completions=Completions(registry, router, AnswerCache()),
                conversations=conversations,
                attachments=Attachments(database, wired_settings),
            ) as turns,
        ):
            yield turns

    return open_turns


@pytest.fixture
async def turns(open_turns: OpenTurns) -> AsyncIterator[Turns]:
    async with open_turns() as turns:
        yield turns
