"""The MCP servers that a config names, as it changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import ValidationError

from aiportal.tools.schema import ToolsFile
from aiportal.tools.servers.connection import Connection
from aiportal.tools.servers.entry import McpServerEntry
from aiportal.tools.servers.servers import McpServers

UNSET = {"url": "http://127.0.0.1:9/mcp", "headers": {"X-Key": "env:UNSET_OF_A_TEST"}}


def named(*names: str) -> ToolsFile:
    return ToolsFile.model_validate({"mcpServers": dict.fromkeys(names, UNSET)})


async def test_configs_that_come_at_once_are_followed_one_after_the_other() -> None:
    servers = McpServers({}, changed=lambda: None)
    servers.begin()
    await servers.follow(named("a", "b", "c"))
    await asyncio.gather(*(servers.follow(named(*names)) for names in ((), "b", "bd")))
    assert [name for name, _, _ in servers.states()] == ["b", "d"]
    await servers.close()
    assert servers.states() == []


async def test_a_server_that_fails_while_it_is_taken_away_is_gone() -> None:
    """The group of tasks that fails swallows the cancellation."""
    asked = asyncio.Event()

    @asynccontextmanager
    async def way() -> AsyncIterator[Any]:
        asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ExceptionGroup("failed meanwhile", [OSError("refused")]) from None
        yield

    connection = Connection("a", way, lambda state: None)
    task = asyncio.create_task(connection.run())
    await asked.wait()
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=5)
    assert done
    assert task.cancelled()


@pytest.mark.parametrize(
    "entry",
    [
        {"url": "http://127.0.0.1:9/mcp", "headers": {"X-Key": "Bearer env:AIPORTAL_JWT_SECRET"}},
        {"command": "notes-mcp", "env": {"KEY": "env:aiportal_jwt_secret"}},
    ],
)
def test_no_server_sees_a_setting_of_the_portal(entry: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="a setting of the portal itself"):
        McpServerEntry.model_validate(entry)
