"""Asks a model: the upstreams, and what is known of each deployment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiportal.local import LocalModels
from aiportal.routing.asking import Asking
from aiportal.routing.completion import Completion
from aiportal.routing.health import Board
from aiportal.routing.model_call import ModelCall
from aiportal.routing.upstreams.embedded import EmbeddedUpstream
from aiportal.routing.upstreams.http_pool import HttpPool
from aiportal.routing.upstreams.openai import OpenAiUpstream
from aiportal.routing.upstreams.table import Upstreams
from aiportal.routing.upstreams.translated import TranslatedUpstream
from aiportal.usage import Ledger

__all__ = ["Router"]


class Router:
    """Owns the connection pool. Use `open` to make one. board: the health of its deployments."""

    def __init__(self, pool: HttpPool, local: LocalModels, ledger: Ledger) -> None:
        openai = OpenAiUpstream(pool)
        self._upstreams = Upstreams(
            {"openai": openai, "local": EmbeddedUpstream(openai, local)},
            TranslatedUpstream(pool),
        )
        self._ledger = ledger
        self.board = Board()

    @classmethod
    @asynccontextmanager
    async def open(cls, local: LocalModels, ledger: Ledger) -> AsyncIterator["Router"]:
        """A router whose connections close when the context is left."""
        async with HttpPool.open() as pool:
            yield cls(pool, local, ledger)

    async def complete(self, call: ModelCall) -> Completion:
        """Ask the model of `call`, and where it fails its fallbacks, until an answer has begun.

        A call that no upstream took has its row in the ledger before the error is raised. Raises
        UpstreamError, ModelUnavailable.
        """
        return await Asking(
            call, upstreams=self._upstreams, board=self.board, ledger=self._ledger
        ).run()
