"""Asks a model: the connection pool, and what is known of each deployment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from aiportal.local import LocalModels
from aiportal.routing.asking import Asking
from aiportal.routing.completion import Completion
from aiportal.routing.health import Board
from aiportal.routing.model_call import ModelCall
from aiportal.routing.upstreams.embedded import EmbeddedUpstream
from aiportal.routing.upstreams.openai import OpenAiUpstream
from aiportal.routing.upstreams.table import Upstreams
from aiportal.routing.upstreams.translated import TranslatedUpstream
from aiportal.usage import Ledger

__all__ = ["Router"]

MAX_CONNECTIONS = 4_000


class Router:
    """Owns the connection pool. Use `open` to make one. board: the health of its deployments."""

    def __init__(self, session: aiohttp.ClientSession, local: LocalModels, ledger: Ledger) -> None:
        openai = OpenAiUpstream(session)
        self._upstreams = Upstreams(
            {"openai": openai, "local": EmbeddedUpstream(openai, local)},
            TranslatedUpstream(session),
        )
        self._ledger = ledger
        self.board = Board()

    @classmethod
    @asynccontextmanager
    async def open(cls, local: LocalModels, ledger: Ledger) -> AsyncIterator["Router"]:
        """A router whose connections close when the context is left."""
        connector = aiohttp.TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=30)
        async with aiohttp.ClientSession(
            connector=connector,
            auto_decompress=True,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent",),
        ) as session:
            yield cls(session, local, ledger)

    async def complete(self, call: ModelCall) -> Completion:
        """Ask the model of `call`, and where it fails its fallbacks, until an answer has begun.

        A call that no upstream took has its row in the ledger before the error is raised. Raises
        UpstreamError, ModelUnavailable.
        """
        return await Asking(
            call, upstreams=self._upstreams, board=self.board, ledger=self._ledger
        ).run()
