"""The tools of a portal, started and stopped in one go."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from aiportal.fetch import Fetcher
from aiportal.sandbox import Sandbox
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.tools.approvals import Approvals
from aiportal.tools.execution import Execution
from aiportal.tools.folders import lay_out_tools
from aiportal.tools.needs import Searching
from aiportal.tools.registry import ToolRegistry
from aiportal.tools.tools import Tools

__all__ = ["open_sandbox", "open_tools"]


def open_sandbox(settings: Settings) -> AbstractAsyncContextManager[Sandbox]:
    """Where tools run: as many at once as there are processors."""
    return Sandbox.open(settings.sandbox, workers=max(os.cpu_count() or 1, 2))


@asynccontextmanager
async def open_tools(
    database: Database,
    settings: Settings,
    *,
    sandbox: Sandbox,
    fetcher: Fetcher,
    search: Searching | None,
) -> AsyncIterator[Tools]:
    """Tools that follow their files until the context is left."""
    await asyncio.to_thread(lay_out_tools, settings)
    async with await ToolRegistry.load(settings) as registry:
        execution = Execution(registry, sandbox, fetcher=fetcher, search=search)
        yield Tools(registry, execution, Approvals(database, execution.run))
