"""Models with several deployments, each a fake provider of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from aiportal.settings import Settings
from tests.integration.calls import CHAT, chat_body, client
from tests.running import AppServer
from tests.upstreams import Upstream, write_model_config

__all__ = ["QUICK", "ask", "deployments", "eventually", "providers", "routed"]

# Seconds that make a test of time-outs and cooldowns short.
QUICK: Mapping[str, Any] = {
    "retries": {"attempts": 2, "baseDelay": 0.01, "maxDelay": 0.05},
    "cooldown": {"failures": 3, "seconds": 60},
    "timeouts": {"connect": 1, "firstByte": 0.3, "betweenBytes": 0.3, "total": 10},
}


async def ask(server: AppServer, count: int, **fields: Any) -> Sequence[httpx.Response]:
    """So many chat completions, one after the other."""
    async with client(server) as session:
        return [await session.post(CHAT, json=chat_body(**fields)) for _ in range(count)]


async def deployments(server: AppServer) -> dict[str, dict[str, Any]]:
    """What the status page says, by deployment."""
    async with client(server) as session:
        rows = (await session.get("/v1/routerbox/status")).json()["data"]
    return {row["deployment"]: row for row in rows}


async def eventually(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Return when it is so. Raises TimeoutError after five seconds."""
    async with asyncio.timeout(5):
        while True:
            if await is_so():
                return
            await asyncio.sleep(0.01)


@contextmanager
def providers(count: int = 2) -> Iterator[Sequence[Upstream]]:
    """So many running fake providers."""
    with ExitStack() as stack:
        yield [stack.enter_context(Upstream()) for _ in range(count)]


def routed(
    tmp_path: Path,
    upstreams: Sequence[Upstream],
    *,
    each: Sequence[Mapping[str, Any]] | None = None,
    others: Mapping[str, Upstream] | None = None,
    fields: Mapping[str, Mapping[str, Any]] | None = None,
    config: Mapping[str, Any] | None = None,
) -> Settings:
    """Settings of a portal whose `acme/fast` is served by all `upstreams`, `#1` the first.

    each: further fields of their deployments. others: further models by name, each with its
    upstream. fields: of each model's file, by name. config: over `QUICK`.
    """
    folder = tmp_path / "model_config"
    extra = each or [{}] * len(upstreams)
    bases = [
        {"apiBase": upstream.url, **own} for upstream, own in zip(upstreams, extra, strict=True)
    ]
    fields = fields or {}
    write_model_config(
        folder,
        upstreams[0].url,
        models=("fast",),
        config={**QUICK, **(config or {})},
        model={"deployments": bases, **fields.get("fast", {})},
    )
    for name, upstream in (others or {}).items():
        own = {"apiBase": upstream.url, **fields.get(name, {})}
        write_model_config(folder, upstream.url, models=(name,), model=own)
    return Settings(port=0, data_dir=tmp_path / "data", model_config_dir=folder, local_model="off")
