"""From a host's name to the addresses that are connected to: looked up, checked and pinned in one step."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Protocol

from aiohttp.abc import AbstractResolver, ResolveResult

from aiportal.errors import FetchRefused
from aiportal.fetch.rules import Rules

__all__ = ["CheckedResolver", "LookUp", "SystemLookUp"]

_THREADS = 8
_LOOK_UP_S = 5.0


class LookUp(Protocol):
    """Where addresses come from."""

    async def addresses(self, host: str) -> Sequence[str]:
        """All of a host's, IPv4 and IPv6. Raises OSError where it has none."""

    def close(self) -> None:
        """Let go of what it holds."""


class SystemLookUp:
    """The system's own resolver, in threads of its own: slow names hold up nothing but each other."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="look-up")

    async def addresses(self, host: str) -> Sequence[str]:
        """See LookUp. Also raises TimeoutError."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_LOOK_UP_S):
            found = await loop.run_in_executor(self._threads, _look_up, host)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def close(self) -> None:
        """Look-ups that still run end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str) -> Sequence[tuple[int, int, int, str, tuple[str | int, ...]]]:
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)  # type: ignore[return-value] # the stub's wider tuple


class CheckedResolver(AbstractResolver):
    """What aiohttp's connector asks once for each connection.

    The addresses that were checked are those that it connects to: a second look-up that would give
    others does not happen.
    """

    def __init__(self, look_up: LookUp, rules: Rules) -> None:
        self._look_up = look_up
        self._rules = rules

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - any
    ) -> list[ResolveResult]:
        """Raises FetchRefused, OSError."""
        found = await self._look_up.addresses(host)
        if not found:
            raise OSError(f"{host} has no address")
        try:
            addresses = [ip_address(text) for text in found]
        except ValueError as error:  # with a zone: of a network that this machine is in
            raise FetchRefused(
                f"{host!r} is not fetched: it does not lead to the public internet. Use another address."
            ) from error
        self._rules.check(host, port, addresses)
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Also closes the look-up."""
        self._look_up.close()
