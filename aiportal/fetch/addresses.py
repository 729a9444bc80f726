"""Which addresses and ports are the public web's.

Ranges: IANA's registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890, 8190), read in 2026.
Python's own `is_global` has changed between its patch releases, so they are written down here.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

__all__ = ["METADATA", "IPAddress", "is_public", "is_usual_port", "looks_numeric", "parse_address"]

IPAddress = IPv4Address | IPv6Address

_NOT_PUBLIC_4 = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by a carrier's customers
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# All that is routed publicly is in here: no mapped, compatible, local, link-local or multicast form is.
_UNICAST_6 = ip_network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    ip_network(text)
    for text in (
        "2001::/23",  # protocols': Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, with any IPv4 address in it
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_NAT64 = ip_network("64:ff9b::/96")  # how an IPv6-only network reaches an IPv4 address
# Where clouds tell a machine its credentials. One of them is in a public range.
METADATA: frozenset[IPAddress] = frozenset(
    ip_address(text)
    for text in (
        "100.100.100.200",
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "192.0.0.192",
        "fd00:ec2::23",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
# Of 1024 and above, those whose services take an HTTP request for commands of their own: browsers' list
# ("Fetch", WHATWG, port blocking), databases, message queues, and the doors of machines and clusters.
_OTHER_SERVICES = frozenset(
    {1433, 1521, 1719, 1720, 1723, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 4369}
    | {5060, 5061, 5432, 5672, 5900, 5901, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679}
    | {6697, 9042, 9092, 10080, 10250, 11211, 27017, 27018, 27019}
)
_WEB_PORTS = frozenset({80, 443})
_FIRST_UNPRIVILEGED = 1024
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)


def is_public(address: IPAddress) -> bool:
    """Whether anybody on the internet reaches the same machine by this address."""
    if address in METADATA:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in _UNICAST_6 and not any(address in network for network in _NOT_PUBLIC_6)


def is_usual_port(port: int) -> bool:
    """80, 443, and from 1024 what no well-known service that is not the web's listens on.

    Below 1024 mail, shells and file servers listen; sites that people put on other ports are above.
    """
    return port in _WEB_PORTS or (port >= _FIRST_UNPRIVILEGED and port not in _OTHER_SERVICES)


def parse_address(host: str) -> IPAddress | None:
    """The address that `host` writes in the usual way, else None."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def looks_numeric(host: str) -> bool:
    """Whether system libraries may take a host for an IPv4 address: its last part is a number.

    "URL", WHATWG, "ends in a number checker": 2130706433, 0x7f.1, 0177.0.0.1, 127.1.
    """
    return _NUMBER.fullmatch(host.rpartition(".")[2]) is not None
