"""The checks of `aiportal doctor`. None of them changes anything."""

import asyncio
import os
import shutil
import socket
import sqlite3
import stat
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from aiportal.api.addresses import url_of
from aiportal.fetch import Fetcher
from aiportal.local import weights_path
from aiportal.principal import Principal
from aiportal.registry import LocalServers, Registry
from aiportal.sandbox import Sandbox, Tier
from aiportal.settings import Settings
from aiportal.store.migrations import available
from aiportal.tools import ToolRegistry

__all__ = ["Finding", "inspect"]

FREE_BYTES_WANTED = 1_000_000_000  # the default model, the database and room to work
PROBE_TIMEOUT_S = 2
ANYBODY = Principal(user_id="", username="", role="admin")  # asks only what is configured
EXTRAS = {
    "xllamacpp": ("local", "the embedded language model"),
    "IPython": ("notebook", "the notebook magics"),
    "pandas": ("tools", "what the shipped tools work with"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. advice: what to do; empty where all is well.

    level: `problem` makes `doctor` fail, `hint` does not.
    """

    subject: str
    level: Literal["ok", "hint", "problem"]
    message: str
    advice: str = ""


def inspect(settings: Settings) -> list[Finding]:
    """Everything that can be looked at from outside of a running portal."""
    return [
        Finding("settings", "ok", "they are well formed"),
        *_data_folder(settings),
        *_cache_folder(settings),
        _database(settings),
        *_models(settings),
        *_extras(settings),
        *_sandbox(settings),
        *_tools(settings),
        _port(settings),
    ]


def _data_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    yield _writable("data folder", folder, "AIPORTAL_DATA_DIR")
    if folder.exists() and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Finding(
            "data folder",
            "hint",
            f"other users of this machine can look into {folder}",
            f"chmod 700 {folder}",
        )


def _cache_folder(settings: Settings) -> Iterator[Finding]:
    yield _writable("cache folder", settings.cache_dir, "AIPORTAL_CACHE_DIR")
    existing = _existing_parent(settings.cache_dir)
    free = shutil.disk_usage(existing).free
    if free < FREE_BYTES_WANTED:
        yield Finding(
            "cache folder",
            "problem",
            f"only {free // 1_000_000} MB are free on its disk",
            "Make room, or name a folder on another disk: AIPORTAL_CACHE_DIR.",
        )


def _writable(subject: str, folder: Path, variable: str) -> Finding:
    existing = _existing_parent(folder)
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Finding(subject, "ok", f"{folder}" + ("" if folder.exists() else " (to be made)"))
    return Finding(
        subject,
        "problem",
        f"{folder} cannot be written to",
        f"Give this user the right to write there, or name another folder: {variable}.",
    )


def _existing_parent(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def _database(settings: Settings) -> Finding:
    path = settings.database_path
    if not path.exists():
        return Finding("database", "ok", "none yet; the first start makes it")
    try:
        version, fault = _look_into(path)
    except sqlite3.Error as error:
        return Finding(
            "database",
            "problem",
            f"{path} cannot be read: {error}",
            "Stop what holds it, or put a backup back: aiportal restore FILE.",
        )
    newest = available()[-1].number
    if fault != "ok":
        advice = "Put a backup back: aiportal restore FILE."
        return Finding("database", "problem", f"{path} is damaged: {fault}", advice)
    if version > newest:
        advice = "Update this installation, or name another data folder."
        return Finding("database", "problem", f"a newer portal has written {path}", advice)
    if version < newest:
        message = f"at version {version} of {newest}"
        return Finding("database", "hint", message, "aiportal migrate (`serve` does it, too)")
    return Finding("database", "ok", f"at version {version}")


def _look_into(path: Path) -> tuple[int, str]:
    """The version, and what SQLite finds wrong with the file (`ok` for nothing)."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        fault = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'migrations'")
        if known.fetchone() is None:
            return 0, fault
        return int(
            connection.execute("SELECT max(number) FROM migrations").fetchone()[0] or 0
        ), fault


def _models(settings: Settings) -> Iterator[Finding]:
    found = asyncio.run(LocalServers(settings).find())
    for server, count in Counter(model.provider for model in found).items():
        yield Finding("local model servers", "ok", f"{server} offers {count} models")
    registry = Registry.load_now(settings, discovered=found)
    for problem in registry.problems:
        yield Finding(
            "model config", "problem", str(problem), "Change the file. See docs/models.md."
        )
    usable = [one.model.id for one in registry.statuses_now(ANYBODY) if one.is_usable]
    if usable:
        yield Finding("models", "ok", f"{len(usable)} can serve now: {', '.join(usable)}")
    else:
        advice = "aiportal models pull, or set a provider's key. See docs/models.md."
        yield Finding("models", "problem", "none can serve now", advice)
    default = registry.embedded(registry.default_model)
    if default is None or default.weights is None or settings.local_model == "off":
        return
    if weights_path(default.weights, settings.cache_dir) is None:
        message = f"the weights of {default.id} are not here yet"
        yield Finding("embedded model", "hint", message, "aiportal models pull")


def _tools(settings: Settings) -> Iterator[Finding]:
    registry = ToolRegistry.load_now(settings)
    for problem in registry.problems:
        yield Finding("tools", "problem", str(problem), "Change the file. See docs/tools.md.")
    yield from asyncio.run(_mcp_servers(registry, settings))
    lacking = [tool for tool in registry.tools.values() if registry.missing(tool)]
    for tool in lacking:
        yield Finding(f"tool {tool.id}", "hint", "cannot run now", registry.missing(tool))
    yield Finding("tools", "ok", f"{len(registry.tools) - len(lacking)} can run")


async def _mcp_servers(registry: ToolRegistry, settings: Settings) -> list[Finding]:
    """Each that the tools' config names, tried once."""
    common = registry.config.config
    if not common.mcp_servers:
        return []
    async with Fetcher.open(settings.fetch_allow) as fetcher:
        registry.servers.reach_by(fetcher, sandbox=settings.sandbox, own_folder=settings.data_dir)
        await registry.servers.follow(common)
        try:
            await registry.servers.settled()
            states = registry.servers.states()
        finally:
            await registry.servers.close()
    return [
        Finding(f"MCP server {name}", "problem", words, "See docs/tools.md.")
        if words
        else Finding(f"MCP server {name}", "ok", f"it offers {count} tools")
        for name, count, words in states
    ]


def _extras(settings: Settings) -> Iterator[Finding]:
    for module, (extra, purpose) in EXTRAS.items():
        if find_spec(module) is not None:
            yield Finding(f"extra {extra}", "ok", "installed")
            continue
        is_needed = extra == "local" and settings.local_model == "on"
        advice = f"pip install 'aiportal[{extra}]'"
        if is_needed:
            advice += ", or set AIPORTAL_LOCAL_MODEL=off"
        level: Literal["hint", "problem"] = "problem" if is_needed else "hint"
        yield Finding(f"extra {extra}", level, f"{purpose} is not installed", advice)


def _sandbox(settings: Settings) -> Iterator[Finding]:
    tier = asyncio.run(_tier(settings))
    if settings.sandbox == "off":
        yield Finding("sandbox", "ok", "it is switched off, and with it every tool's program")
    elif tier.name is None:
        advice = "Tools cannot run. See docs/settings.md, AIPORTAL_SANDBOX."
        yield Finding("sandbox", "problem", " ".join(tier.reasons), advice)
    else:
        yield Finding("sandbox", "ok", f"tier {tier.name!r} holds in the self-test")
        yield from (Finding("sandbox", "hint", reason) for reason in tier.reasons)


async def _tier(settings: Settings) -> Tier:
    async with Sandbox.open(settings.sandbox) as sandbox:
        return await sandbox.ready()


def _port(settings: Settings) -> Finding:
    url = url_of(settings.host, settings.port)
    if settings.port == 0 or _is_free(settings):
        return Finding("port", "ok", f"{settings.port} on {settings.host} is free")
    if _is_portal(url):
        return Finding("port", "ok", f"an AI Portal answers at {url}")
    return Finding(
        "port",
        "problem",
        f"{settings.port} on {settings.host} is not to be had",
        "Stop what uses it, or choose another one: AIPORTAL_PORT.",
    )


def _is_free(settings: Settings) -> bool:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError:
        return False
    return True


def _is_portal(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=PROBE_TIMEOUT_S) as answer:  # noqa: S310
            return "x-request-id" in answer.headers
    except (urllib.error.URLError, OSError, ValueError):
        return False
