"""One file over HTTP: resumed where it broke off, bounded in size, redirected to safe places only."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

import aiohttp

from aiportal.errors import ModelUnavailable
from aiportal.local.machine import require_space
from aiportal.local.progress import OnProgress, PullProgress
from aiportal.local.weights import is_loopback

__all__ = ["PATIENCE", "Download", "Patience", "discard"]

CHUNK_BYTES = 1024 * 1024
MAX_REDIRECTS = 10
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
PARTIAL, RANGE_NOT_SATISFIABLE = 206, 416

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Patience:
    """connect_s, silent_s: how long a connection, then a pause between bytes may take.

    tries: further ones after a failure that brought nothing new; pause_s: before the first of
    them, doubled each time.
    """

    connect_s: float = 30
    silent_s: float = 60
    tries: int = 4
    pause_s: float = 1


PATIENCE = Patience()


class _BrokenOff(ModelUnavailable):
    """The transfer ended early, or has to start again; another try can succeed."""


class Download:
    """Brings `url` into `part`, which may hold the beginning of it from an earlier time.

    limit_bytes: the most that is accepted. What the server says of the file's version is kept in
    PART.json, so that a later call does not join halves of two versions.
    """

    def __init__(
        self,
        url: str,
        part: Path,
        *,
        limit_bytes: int,
        on_progress: OnProgress,
        patience: Patience = PATIENCE,
    ) -> None:
        self._url = url
        self._part = part
        self._limit_bytes = limit_bytes
        self._on_progress = on_progress
        self._patience = patience
        self._stated_sha256: str | None = None
        self._most_bytes = 0

    async def run(self) -> str | None:
        """Fetch all of it; the SHA-256 that the origin states, None if it states none.

        Raises ModelUnavailable with what to do. What has arrived stays for the next call.
        """
        timeout = aiohttp.ClientTimeout(
            total=None,
            sock_connect=self._patience.connect_s,
            sock_read=self._patience.silent_s,
        )
        async with aiohttp.ClientSession(
            timeout=timeout,
            trust_env=True,  # proxies
            auto_decompress=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "aiportal"},
        ) as session:
            await self._try_until_whole(session)
        return self._stated_sha256

    async def _try_until_whole(self, session: aiohttp.ClientSession) -> None:
        failures = 0
        while True:
            arrived_before = self._most_bytes
            try:
                return await self._try(session)
            except (aiohttp.ClientError, TimeoutError, _BrokenOff) as error:
                failures = 1 if self._most_bytes > arrived_before else failures + 1
                if failures > self._patience.tries:
                    raise ModelUnavailable(
                        f"{self._url} could not be fetched: {_words(error)}. Check the connection "
                        "and call again: what has arrived is kept."
                    ) from error
            await asyncio.sleep(self._patience.pause_s * 2 ** (failures - 1))

    async def _try(self, session: aiohttp.ClientSession) -> None:
        start, version = await asyncio.to_thread(_resumable, self._part, self._url)
        headers = {"Range": f"bytes={start}-", "If-Range": version} if start else {}
        async with self._opened(session, headers) as response:
            if response.status == RANGE_NOT_SATISFIABLE and start:
                await self._settle(response, start)
                return
            if response.status >= 400:
                raise self._refused(response)
            start = await self._start_of(response, start)
            total = None if response.content_length is None else start + response.content_length
            await self._write(response, start, total)

    @asynccontextmanager
    async def _opened(
        self, session: aiohttp.ClientSession, headers: dict[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer after all redirects, each of them checked."""
        url = self._url
        for _ in range(MAX_REDIRECTS + 1):
            async with session.get(url, headers=headers, allow_redirects=False) as response:
                if urlsplit(url).netloc == urlsplit(self._url).netloc:
                    self._note_sha256(response)
                location = response.headers.get("Location")
                if response.status not in {301, 302, 303, 307, 308} or location is None:
                    yield response
                    return
                url = self._checked(urljoin(url, location))
        raise ModelUnavailable(f"{self._url} redirects more than {MAX_REDIRECTS} times.")

    def _checked(self, url: str) -> str:
        parts = urlsplit(url)
        both_loopback = is_loopback(parts.hostname) and is_loopback(urlsplit(self._url).hostname)
        if parts.scheme == "https" or (parts.scheme == "http" and both_loopback):
            return url
        raise ModelUnavailable(
            f"{self._url} redirects to {parts.scheme}://{parts.hostname}, which is not https. "
            "Nothing was fetched from there. Name another source."
        )

    def _note_sha256(self, response: aiohttp.ClientResponse) -> None:
        """The hub names the SHA-256 of a large file beside the redirect to its store."""
        stated = response.headers.get("X-Linked-Etag", "").removeprefix("W/").strip('"')
        if _SHA256.fullmatch(stated):
            self._stated_sha256 = stated

    def _refused(self, response: aiohttp.ClientResponse) -> Exception:
        if response.status in TRANSIENT:
            return _BrokenOff(f"the server answered {response.status}")
        advice = {
            401: "It may be gated: fetch it in a browser and use `path:`.",
            403: "It may be gated: fetch it in a browser and use `path:`.",
            404: "Check `weights.source`: repository, revision and file name.",
        }.get(response.status, "Try again later, or name another source.")
        return ModelUnavailable(
            f"{self._url} could not be fetched: the server answered {response.status}. {advice}"
        )

    async def _settle(self, response: aiohttp.ClientResponse, start: int) -> None:
        """Nothing is left to send: either all of it is here, or what is here is not its beginning."""
        if response.headers.get("Content-Range", "").rpartition("/")[2] == str(start):
            return
        await asyncio.to_thread(discard, self._part)
        raise _BrokenOff("the file has changed on the server")

    async def _start_of(self, response: aiohttp.ClientResponse, start: int) -> int:
        """Where the body goes: at `start`, or at 0 for a server that sends everything."""
        if response.status == PARTIAL:
            match = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if match is not None and int(match[1]) == start:
                return start
            await asyncio.to_thread(discard, self._part)
            raise _BrokenOff("the server sent another part than the one asked for")
        version = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        await asyncio.to_thread(_begin, self._part, self._url, version)
        return 0

    async def _write(self, response: aiohttp.ClientResponse, start: int, total: int | None) -> None:
        if total is not None:
            self._check_limit(total)
            await asyncio.to_thread(require_space, self._part.parent, total - start)
        done = start
        file: BinaryIO = await asyncio.to_thread(self._part.open, "ab")
        try:
            async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                done += len(chunk)
                self._check_limit(done)
                await asyncio.to_thread(file.write, chunk)
                self._most_bytes = max(self._most_bytes, done)
                self._on_progress(PullProgress("fetching", done, total))
        finally:
            await asyncio.to_thread(file.close)

    def _check_limit(self, size_bytes: int) -> None:
        if size_bytes > self._limit_bytes:
            raise ModelUnavailable(
                f"{self._url} is larger than the {self._limit_bytes:,} bytes that were expected. "
                "Check `weights.source` and `weights.sizeBytes`."
            )


def _resumable(part: Path, url: str) -> tuple[int, str]:
    """How much is here, and of which version; 0 where that cannot be told."""
    try:
        note = json.loads(_note_file(part).read_text())
        size = part.stat().st_size
        version = note["version"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0, ""
    # A weak ETag does not promise the same bytes, and If-Range does not take one.
    if note.get("url") != url or not version or version.startswith("W/"):
        return 0, ""
    return size, version


def _begin(part: Path, url: str, version: str) -> None:
    _note_file(part).write_text(json.dumps({"url": url, "version": version}))
    part.write_bytes(b"")


def discard(part: Path) -> None:
    """Remove what is left of a transfer, and what was noted of its version."""
    part.unlink(missing_ok=True)
    _note_file(part).unlink(missing_ok=True)


def _note_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _words(error: Exception) -> str:
    return "it took too long" if isinstance(error, TimeoutError) else str(error) or repr(error)
