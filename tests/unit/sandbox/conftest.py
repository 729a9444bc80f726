"""The real sandbox, one a module and tier."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from textwrap import dedent
from typing import Any

import pytest
import pytest_asyncio

from aiportal.sandbox import (
    BARE,
    Broker,
    CallLimits,
    Outcome,
    Profile,
    Program,
    Sandbox,
    SandboxCall,
    SandboxMode,
)

__all__ = ["Run", "call_of", "program_of"]

MEGABYTE = 1024**2
Run = Callable[..., Awaitable[Outcome]]


def program_of(source: str, *, profile: Profile = BARE, **files: bytes) -> Program:
    """A tool with this controller; other files by name, `__` for the dot."""
    others = {name.replace("__", "."): data for name, data in files.items()}
    return Program("tool", {"controller.py": dedent(source).encode(), **others}, profile)


def call_of(
    source: str,
    parameters: Any = None,
    *,
    owner: str = "ada",
    files: Mapping[str, bytes] | None = None,
    broker: Broker | None = None,
    session: str | None = None,
    profile: Profile = BARE,
    wall_s: float = 20.0,
    memory_bytes: int = 256 * MEGABYTE,
    disk_bytes: int = 8 * MEGABYTE,
) -> SandboxCall:
    """One call of a controller."""
    return SandboxCall(
        program_of(source, profile=profile),
        parameters,
        owner,
        files=files or {},
        limits=CallLimits(wall_s, memory_bytes, disk_bytes),
        broker=broker,
        session=session,
    )


@pytest.fixture(scope="module", params=["namespaces", "landlock"])
def mode(request: pytest.FixtureRequest) -> SandboxMode:
    """Every test of the module is made in both tiers."""
    value: SandboxMode = request.param
    return value


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(mode: SandboxMode) -> AsyncIterator[Sandbox]:
    """A sandbox of two workers."""
    async with Sandbox.open(mode, workers=2) as opened:
        assert (await opened.ready()).name == mode
        yield opened


@pytest.fixture(scope="module")
def run(sandbox: Sandbox) -> Run:
    """`run(source, parameters, …)`: the outcome of one call. See `call_of`."""

    async def make(source: str, parameters: Any = None, **options: Any) -> Outcome:
        return await sandbox.run(call_of(source, parameters, **options))

    return make
