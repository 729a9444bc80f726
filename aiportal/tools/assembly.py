"""The tools of a portal, started and stopped in one go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiportal.fetch import Fetcher
from aiportal.sandbox import Sandbox
from aiportal.search import WebSearch
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.tools.approvals import Approvals
from aiportal.tools.execution import Execution
from aiportal.tools.folders import lay_out_tools
from aiportal.tools.registry import ToolRegistry
from aiportal.tools.tools import Tools

__all__ = ["open_tools"]


@asynccontextmanager
async def open_tools(
    database: Database,
    settings: Settings,
    sandbox: Sandbox,
    fetcher: Fetcher,
    search: WebSearch,
) -> AsyncIterator[Tools]:
    """Tools that follow their files until the context is left."""
    await asyncio.to_thread(lay_out_tools, settings)
    registry = await ToolRegistry.load(settings)
    registry.servers.reach_by(fetcher, sandbox=settings.sandbox, own_folder=settings.data_dir)
    async with registry:
        execution = Execution(registry, sandbox, fetcher=fetcher, search=search)
        yield Tools(registry, execution, Approvals(database, execution.run))
