"""The MCP servers that a config names, as it changes."""

import asyncio

from aiportal.tools.schema import ToolsFile
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
