"""Asks a model: the upstreams, and what is known of each deployment."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson

from aiportal.dialects.operations import ModelRequest
from aiportal.errors import UpstreamError
from aiportal.local import LocalModels
from aiportal.registry import Deployment, Model
from aiportal.routing.asking import Asking
from aiportal.routing.choice import choose
from aiportal.routing.completion import Completion
from aiportal.routing.health import Board
from aiportal.routing.model_call import ModelCall
from aiportal.routing.precedence import Precedence
from aiportal.routing.upstreams.call import UpstreamRequest
from aiportal.routing.upstreams.embedded import EmbeddedUpstream
from aiportal.routing.upstreams.http_pool import HttpPool
from aiportal.routing.upstreams.messages import MessagesUpstream
from aiportal.routing.upstreams.openai import OpenAiUpstream
from aiportal.routing.upstreams.table import Upstreams
from aiportal.routing.upstreams.translated import TranslatedUpstream
from aiportal.usage import Ledger

__all__ = ["Router"]

COUNT_S = 10
MAX_TOKENS = 2**53


class Router:
    """Owns the connection pool. Use `open` to make one.

    board: the health of its deployments. precedence: what its answers wait for when they are rendered.
    """

    def __init__(self, pool: HttpPool, local: LocalModels, ledger: Ledger) -> None:
        openai, translated = OpenAiUpstream(pool), TranslatedUpstream(pool)
        self._upstreams = Upstreams(
            {
                "openai": openai,
                "local": EmbeddedUpstream(openai, local),
                "anthropic": MessagesUpstream(openai, translated),
            },
            translated,
        )
        self._ledger = ledger
        self.board = Board()
        self.precedence = Precedence()

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
            call,
            upstreams=self._upstreams,
            board=self.board,
            ledger=self._ledger,
            precedence=self.precedence,
        ).run()

    async def count_tokens(
        self, model: Model, request: ModelRequest, body: Callable[[Deployment], Mapping[str, Any]]
    ) -> int:
        """What the model's provider counts of a message that is not sent: nothing is used, no row made.

        One deployment is asked, once, for ten seconds at most. Raises UpstreamError, ModelUnavailable.
        """
        deployment = choose(model, model.deployments, self.board)
        timeouts = replace(model.timeouts, total_s=min(COUNT_S, model.timeouts.total_s))
        upstream_request = UpstreamRequest(
            model,
            deployment,
            body(deployment),
            is_stream=False,
            timeouts=timeouts,
            operation=request.operation,
            headers=request.headers,
        )
        call = await self._upstreams.of(deployment).send(upstream_request)
        try:
            return _count(await call.read())
        finally:
            await call.close()


def _count(answer: bytes) -> int:
    try:
        decoded = orjson.loads(answer)
    except orjson.JSONDecodeError:
        decoded = None
    tokens = decoded.get("input_tokens") if isinstance(decoded, dict) else None
    if not isinstance(tokens, int) or not 0 <= tokens < MAX_TOKENS:
        raise UpstreamError(
            "The provider of this model sent a count that is none.", code="upstream_protocol_error"
        )
    return tokens
