"""One call as it is passed from hop to hop."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from aiportal.errors import FetchRefused, InvalidRequest
from aiportal.fetch.target import Target

__all__ = ["Order"]

MAX_BYTES = 64 * 1024**2
MAX_TIMEOUT_S = 300.0
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_FIELD = re.compile(r"[\t\x20-\x7e]{0,8000}")
# What the connection itself is made of, and what would follow a caller from site to site.
_OURS = frozenset(
    {"accept-encoding", "connection", "content-length", "cookie", "expect", "host", "keep-alive"}
    | {"proxy-authorization", "proxy-connection", "referer", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "user-agent"}
)
_FOR_EVERYBODY = frozenset({"accept", "accept-language"})
_OF_THE_BODY = frozenset({"content-type"})
_SEE_OTHER = frozenset({301, 302, 303})


@dataclass(frozen=True, slots=True)
class Order:
    """content_types: patterns of what may come, such as `text/*`; None for anything.

    heeds_robots, is_paced: what the site wants and a polite rate count. allows: hosts, None for all.
    """

    method: str
    headers: Mapping[str, str]
    content: bytes | None
    content_types: Sequence[str] | None
    max_bytes: int
    timeout_s: float
    heeds_robots: bool
    is_paced: bool
    allows: Callable[[str], bool] | None = None

    def checked(self) -> "Order":
        """Itself. Raises InvalidRequest for headers and bounds that cannot be."""
        for name, value in self.headers.items():
            if not _TOKEN.fullmatch(name) or not _FIELD.fullmatch(value):
                raise InvalidRequest(f"The header {name[:100]!r} is no header of HTTP.")
            if name.lower() in _OURS:
                raise InvalidRequest(f"The header {name!r} is not a caller's to set.")
        if not 1 <= self.max_bytes <= MAX_BYTES:
            raise InvalidRequest(f"`max_bytes` is between 1 and {MAX_BYTES}.")
        if not 0 < self.timeout_s <= MAX_TIMEOUT_S:
            raise InvalidRequest(f"`timeout_s` is above 0 and at most {MAX_TIMEOUT_S:.0f}.")
        return self

    def check_host(self, host: str) -> None:
        """Raises FetchRefused for one that the caller does not let in."""
        if self.allows is not None and not self.allows(host):
            raise FetchRefused(f"{host!r} is not among the hosts that may be fetched here.")

    def takes(self, mime: str) -> bool:
        """Whether that type of content may come."""
        return self.content_types is None or any(
            fnmatchcase(mime, pattern) for pattern in self.content_types
        )

    def redirected(self, status: int, before: Target, after: Target) -> "Order":
        """The next hop's. To another origin goes nothing of what the caller gave but its tastes.

        Raises FetchRefused where a body would have to follow to another origin.
        """
        is_dropped = self.content is not None and status in _SEE_OTHER
        is_abroad = before.origin != after.origin
        if is_abroad and self.content is not None and not is_dropped:
            raise FetchRefused(
                f"{before.host!r} redirects what was sent to it to another site, where it is not sent. "
                "Use the address that it redirects to, if you trust it."
            )
        headers = {
            name: value
            for name, value in self.headers.items()
            if (not is_abroad or name.lower() in _FOR_EVERYBODY)
            and not (is_dropped and name.lower() in _OF_THE_BODY)
        }
        if is_dropped:
            return replace(self, method="GET", content=None, headers=headers)
        return replace(self, headers=headers)
