"""An address of the web, taken apart strictly: what is not plain is refused, not repaired."""

import re
from dataclasses import dataclass

from yarl import URL

from aiportal.errors import FetchRefused
from aiportal.fetch.addresses import IPAddress, looks_numeric, parse_address

__all__ = ["Target", "parse_target"]

MAX_URL_CHARS = 8_000
_SHOWN_CHARS = 120
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class Target:
    """host: as it goes into DNS, in lower case. address: where the host is written as one."""

    url: URL
    host: str
    port: int
    address: IPAddress | None

    @property
    def origin(self) -> URL:
        """Scheme, host and port."""
        return self.url.origin()


def parse_target(text: str) -> Target:
    """Raises FetchRefused for what is no plain http or https address."""
    text = text.strip(" ")
    if len(text) > MAX_URL_CHARS:
        raise _refused(text, f"it is longer than {MAX_URL_CHARS} characters")
    if _FORBIDDEN.search(text):
        raise _refused(text, "it holds a control character or a backslash")
    try:
        url = URL(text).with_fragment(None)
        host, port = url.raw_host, url.port
    except (ValueError, TypeError) as error:
        raise _refused(text, "it is no web address") from error
    if url.scheme not in ("http", "https"):
        raise _refused(text, "it does not begin with http:// or https://")
    if not host or port is None:
        raise _refused(text, "it names no host")
    if "@" in url.raw_authority:
        raise _refused(text, "a user name or a password stands in it")
    return Target(url, host, port, _address(text, host))


def _address(text: str, host: str) -> IPAddress | None:
    if "%" in host:
        raise _refused(text, "its host has a zone or an escape in it")
    address = parse_address(host)
    if address is not None:
        return address
    if looks_numeric(host):
        raise _refused(text, "its host is a number that is no address in the usual form")
    if not _HOST_NAME.fullmatch(host):
        raise _refused(text, "its host is no host name")
    return None


def _refused(text: str, why: str) -> FetchRefused:
    cut = text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"
    shown = "The address" if "@" in text else repr(cut)  # a password may stand before the @
    return FetchRefused(
        f"{shown} is not fetched: {why}. Give the plain address of a page, such as https://example.org/."
    )
