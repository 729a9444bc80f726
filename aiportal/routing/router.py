"""Chooses a deployment of a model, asks it, and opens the call's entry in the ledger."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from aiportal.dialects.openai_chat import TokenUsage
from aiportal.errors import UpstreamError
from aiportal.local import LocalModels
from aiportal.registry import Deployment, Model, Pricing, Timeouts
from aiportal.routing.completion import Completion
from aiportal.routing.outcome import ending, estimated_usage
from aiportal.routing.upstreams.call import Upstream, UpstreamCall, UpstreamRequest
from aiportal.routing.upstreams.embedded import EmbeddedUpstream
from aiportal.routing.upstreams.litellm import LiteLlmUpstream
from aiportal.routing.upstreams.openai import OpenAiUpstream
from aiportal.usage import Entry, Ledger

__all__ = ["Router"]

MAX_CONNECTIONS = 4_000


class Router:
    """Owns the connection pool. Use `open` to make one."""

    def __init__(self, session: aiohttp.ClientSession, local: LocalModels, ledger: Ledger) -> None:
        openai = OpenAiUpstream(session)
        self._upstreams: dict[str, Upstream] = {
            "openai": openai,
            "local": EmbeddedUpstream(openai, local),
        }
        self._other_dialects = LiteLlmUpstream()
        self._ledger = ledger

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

    async def complete(
        self,
        model: Model,
        deployment: Deployment,
        body: Mapping[str, Any],
        entry: Entry,
        *,
        is_stream: bool,
        wants_usage: bool,
        prompt_chars: int,
        timeouts: Timeouts,
    ) -> Completion:
        """Ask a deployment of `model`.

        Returns once the upstream has accepted. A call that the upstream refused or failed has its row
        in the ledger before the error is raised. Raises UpstreamError, ModelUnavailable.
        """
        request = UpstreamRequest(model, deployment, body, is_stream, timeouts)
        started = time.perf_counter()
        try:
            call = await self._send(request)
        except (UpstreamError, asyncio.CancelledError) as error:
            await self._record_failure(entry, model.pricing, prompt_chars, started, error)
            raise
        return Completion(
            call,
            entry,
            self._ledger,
            model=model,
            deployment=deployment,
            is_stream=is_stream,
            wants_usage=wants_usage,
            prompt_chars=prompt_chars,
            started=started,
        )

    def choose(self, model: Model) -> Deployment:
        """One of the model's deployments, by weight."""
        if len(model.deployments) == 1:
            return model.deployments[0]
        weights = [deployment.weight for deployment in model.deployments]
        return random.choices(model.deployments, weights)[0]  # noqa: S311 - load balancing, not a secret

    async def _send(self, request: UpstreamRequest) -> UpstreamCall:
        upstream = self._upstreams.get(request.deployment.dialect, self._other_dialects)
        return await upstream.send(request)

    async def _record_failure(
        self,
        entry: Entry,
        pricing: Pricing,
        prompt_chars: int,
        started: float,
        error: UpstreamError | asyncio.CancelledError,
    ) -> None:
        """What a provider refused costs nothing; what was cut off may have cost its prompt."""
        is_refused = isinstance(error, UpstreamError)
        usage = TokenUsage() if is_refused else estimated_usage(prompt_chars)
        status, code = ending(error)
        await self._ledger.record(
            entry,
            usage,
            is_estimated=not is_refused,
            cost_usd=pricing.cost_usd(usage),
            ttft_ms=None,
            latency_ms=round((time.perf_counter() - started) * 1000, 3),
            status=status,
            error_code=code,
        )
