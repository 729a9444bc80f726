"""What may be reached: the public web, and what the settings open besides."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Self

from aiportal.errors import ConfigError, FetchRefused
from aiportal.fetch.addresses import METADATA, IPAddress, is_public, is_usual_port, parse_address
from aiportal.fetch.target import Target

__all__ = ["Rules"]

SETTING = "AIPORTAL_FETCH_ALLOW"
_HOST_AND_PORT = re.compile(
    r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<host>[^:/\s]+))(?::(?P<port>[0-9]{1,5}))?"
)


@dataclass(frozen=True, slots=True)
class _Opening:
    """One entry of the setting: addresses or a host by name, at one port or at all usual ones."""

    network: IPv4Network | IPv6Network | None
    host: str | None
    port: int | None

    @classmethod
    def parse(cls, entry: str) -> Self:
        """Raises ConfigError."""
        try:
            return cls(ip_network(entry), None, None)
        except ValueError:
            found = _HOST_AND_PORT.fullmatch(entry.lower())
        port = int(found["port"]) if found and found["port"] else None
        if found is None or port == 0 or (port or 0) > 65_535:
            raise ConfigError(
                f"{SETTING}: {entry!r} is none of HOST, HOST:PORT, ADDRESS, ADDRESS:PORT, NETWORK/BITS."
            )
        host = found["six"] or found["host"]
        address = parse_address(host)
        if address is None:
            return cls(None, host.rstrip("."), port)
        return cls(ip_network(address), None, port)

    def admits(self, host: str, port: int, address: IPAddress) -> bool:
        if self.port not in (None, port):
            return False
        if self.network is None:
            return host == self.host and address not in METADATA
        is_exact = self.network.num_addresses == 1
        return address in self.network and (is_exact or address not in METADATA)


class Rules:
    """Decides for each address that a host leads to.

    An entry with a port opens that port, whatever it is; one without leaves the ports as they are.
    The addresses of clouds' metadata services are only opened one by one.
    """

    def __init__(self, allow: Iterable[str]) -> None:
        """allow: entries of `AIPORTAL_FETCH_ALLOW`. Raises ConfigError."""
        self._openings = tuple(_Opening.parse(entry) for entry in allow)

    def check_form(self, target: Target) -> None:
        """What can be said without a look-up. Raises FetchRefused."""
        opened = {opening.port for opening in self._openings}
        if not is_usual_port(target.port) and target.port not in opened:
            raise _wrong_port(target.host, target.port)
        if target.address is not None:
            self.check(target.host, target.port, [target.address])

    def check(self, host: str, port: int, addresses: Sequence[IPAddress]) -> None:
        """Raises FetchRefused if any of the addresses of a host may not be reached."""
        for address in addresses:
            if any(opening.admits(host, port, address) for opening in self._openings):
                continue
            if not is_public(address):
                raise FetchRefused(
                    f"{host!r} is not fetched: it does not lead to the public internet. "
                    f"Use a public address, or ask the administrator to name it in {SETTING}."
                )
            if not is_usual_port(port):
                raise _wrong_port(host, port)


def _wrong_port(host: str, port: int) -> FetchRefused:
    return FetchRefused(
        f"'{host}:{port}' is not fetched: web pages are not served on port {port}. Use a page on port "
        f"80, 443 or a usual one above 1023, or ask the administrator to name it in {SETTING}."
    )
