"""Which hosts a tool may reach."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

__all__ = ["HostPattern", "is_among"]

ANY = "*"
HostPattern = Annotated[
    str,
    StringConstraints(
        pattern=r"^(?:\*|(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.:_-]{0,250}[A-Za-z0-9])?)$"
    ),
    AfterValidator(str.lower),
]
"""`example.org` is that host alone, `*.example.org` all below it, `*` any public one."""


def is_among(host: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns takes in the host (lower case, without a port)."""
    return any(
        pattern in (ANY, host) or (pattern.startswith("*.") and host.endswith(pattern[1:]))
        for pattern in patterns
    )
