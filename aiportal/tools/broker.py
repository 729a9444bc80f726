"""What a program in the box may ask of the portal: fetch a page, search the web."""

import base64
import json
from collections.abc import Iterator, Mapping
from html import escape
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, quote_plus

from yarl import URL

from aiportal.errors import (
    InvalidRequest,
    PermissionDenied,
    PortalError,
    RateLimited,
)
from aiportal.fetch import Fetched, Fetcher
from aiportal.principal import Principal
from aiportal.registry import Confidential
from aiportal.search import WebSearch
from aiportal.tools.hosts import is_among
from aiportal.tools.schema import SecretEntry
from aiportal.tools.tool import Tool

__all__ = ["ToolBroker", "confidential_of"]

MAX_OPERATIONS = 100  # of one call
MAX_BYTES = 32 * 1024**2  # that one call may fetch
MAX_FETCH_BYTES = 5 * 1024**2  # at once
MAX_RESULTS = 50
SHORTEST = 4  # characters of a secret; a shorter one stands in any text
_TEXTS = ("application/json", "application/xml", "application/javascript", "application/ld+json")


def confidential_of(secrets: Mapping[str, str]) -> Confidential:
    """What is struck out of all that comes back: each value, also as an address, JSON or HTML has it."""
    forms = {
        form: "[key]"
        for value in secrets.values()
        if len(value) >= SHORTEST
        for form in _forms(value)
    }
    return Confidential(tuple(sorted(forms.items(), key=lambda pair: -len(pair[0]))))


def _forms(value: str) -> Iterator[str]:
    yield from (value, quote(value, safe=""), quote(value), quote_plus(value), escape(value))
    for is_ascii in (True, False):
        text = json.dumps(value, ensure_ascii=is_ascii)[1:-1]
        yield from (text, text.replace("/", "\\/"))


class ToolBroker:
    """Answers one call of one tool. What it is asked by is a stranger: every argument is checked."""

    def __init__(
        self,
        principal: Principal,
        tool: Tool,
        secrets: Mapping[str, str],
        *,
        fetcher: Fetcher,
        search: WebSearch,
    ) -> None:
        self._principal = principal
        self._tool = tool
        self._secrets = secrets
        self._confidential = confidential_of(secrets)
        self._fetcher = fetcher
        self._search = search
        self._operations = 0
        self._bytes_left = MAX_BYTES

    async def __call__(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        """`fetch` {url} or `search` {query, max_results?, provider?}: its answer as a JSON value.

        Raises PortalError, none of whose words holds a secret of the tool's.
        """
        self._operations += 1
        if self._operations > MAX_OPERATIONS:
            raise RateLimited(
                f"One call of a tool may ask the portal {MAX_OPERATIONS} times, and this one has."
                " Ask for more at once, or divide the work among several calls.",
                retry_after_s=1,
            )
        try:
            match operation:
                case "fetch":
                    return await self._fetch(arguments)
                case "search":
                    return await self._found(arguments)
        except PortalError as error:
            error.message = self._confidential.strike(error.message)
            error.args = (error.message,)
            raise
        raise InvalidRequest(
            f"There is no operation {operation[:40]!r}. Ask for `fetch` or `search`."
        )

    async def _fetch(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        url = _url(arguments.get("url"))
        self._require(url.host or "")
        if self._bytes_left <= 0:
            raise InvalidRequest(
                f"One call of a tool may fetch {MAX_BYTES} bytes in all, and this one has. Fetch less,"
                " or divide the work among several calls."
            )
        addressed, headers = self._with_secrets(url)
        fetched = await self._fetcher.get(
            str(addressed),
            headers=headers,
            max_bytes=min(MAX_FETCH_BYTES, self._bytes_left),
            timeout_s=min(self._tool.limits.wall_s, 60.0),
            is_api="*" not in self._tool.hosts,
            allows=self._allows,
        )
        self._bytes_left -= len(fetched.data)
        return self._answer(fetched)

    def _allows(self, host: str) -> bool:
        return is_among(host, self._tool.hosts)

    def _require(self, host: str) -> None:
        if self._allows(host):
            return
        if not self._tool.hosts:
            raise PermissionDenied(
                "This tool has no network: its `security.allowNetworkAccess` is false. Do without, or"
                " have an administrator allow it in the tool's config.json."
            )
        raise PermissionDenied(
            f"The host {host[:200]!r} is not among this tool's `security.hosts`. Ask one that is, or"
            " have an administrator add it in the tool's config.json."
        )

    def _with_secrets(self, url: URL) -> tuple[URL, Mapping[str, str]]:
        """The address and the headers as they go out. Raises PermissionDenied for one in clear."""
        headers: dict[str, str] = {}
        for name, value in self._secrets.items():
            entry: SecretEntry = self._tool.secrets[name]
            host = url.host or ""
            if not is_among(host, entry.hosts or self._tool.hosts):
                continue
            if url.scheme != "https" and not _is_loopback(host):
                raise PermissionDenied(
                    f"The secret {name} only goes out encrypted, and the address of {host!r} is not"
                    " https. Use https."
                )
            if entry.query is not None:
                url = url.update_query({entry.query: entry.prefix + value})
            if entry.header is not None:
                headers[entry.header] = entry.prefix + value
        return url, headers

    def _answer(self, fetched: Fetched) -> Mapping[str, Any]:
        is_text = fetched.mime.startswith("text/") or (
            fetched.mime in _TEXTS or fetched.mime.endswith(("+json", "+xml"))
        )
        data = self._confidential.strike_bytes(fetched.data)
        return {
            "url": self._confidential.strike(fetched.url),
            "status": fetched.status,
            "mime": fetched.mime,
            "text": self._confidential.strike(fetched.text) if is_text else None,
            "base64": None if is_text else base64.b64encode(data).decode(),
            "is_truncated": fetched.is_truncated,
        }

    async def _found(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        if not self._tool.hosts:
            self._require("")
        query, provider = arguments.get("query"), arguments.get("provider")
        max_results = arguments.get("max_results", 10)
        is_number = isinstance(max_results, int) and not isinstance(max_results, bool)
        if not (is_number and 1 <= max_results <= MAX_RESULTS):
            raise InvalidRequest(
                f"`max_results` is not a whole number from 1 to {MAX_RESULTS}. Give one, or none."
            )
        if not isinstance(query, str) or not isinstance(provider, str | None):
            raise InvalidRequest(
                "`query` is no text, or `provider` neither a text nor null. Give the words to search"
                " for as `query`."
            )
        found = await self._search.search(
            self._principal, query, provider=provider, max_results=max_results
        )
        return {
            "provider": found.provider,
            "note": found.note,
            "results": [
                {
                    "title": one.title,
                    "url": one.url,
                    "snippet": one.snippet,
                    "published": one.published,
                    "source": one.source,
                }
                for one in found.results
            ],
        }


def _url(text: object) -> URL:
    """Raises InvalidRequest; the fetcher itself is stricter."""
    if not isinstance(text, str):
        raise InvalidRequest("`url` is no text. Give an address such as https://example.org/.")
    try:
        return URL(text)
    except ValueError as error:
        raise InvalidRequest(
            f"{text[:200]!r} is no web address. Give one such as https://example.org/."
        ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
