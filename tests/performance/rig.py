"""The servers of one bench run: provider, bare relay, portal, each in a process of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from aiportal.settings import Settings
from tests.performance.load import Target
from tests.processes import ServerProcess
from tests.running import PortalProcess, make_key
from tests.upstreams import Upstream, write_model_config

__all__ = ["MESSAGES", "PATH", "Rig", "Server", "rig"]

PATH = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "Hi"}]


@dataclass(frozen=True)
class Server:
    """One process under load. headers: what its callers must send. model: what they ask for."""

    name: str
    process: ServerProcess
    headers: dict[str, str]
    model: str

    def target(self, *, is_stream: bool, model: str | None = None) -> Target:
        body: dict[str, object] = {"model": model or self.model, "messages": MESSAGES}
        if is_stream:
            body["stream"] = True
        return Target.post(self.process.url + PATH, body, self.headers)

    def cpu_s(self) -> float:
        """Seconds of processor time used since the start."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def memory_bytes(self) -> int:
        """Resident memory now."""
        return int(psutil.Process(self.process.pid).memory_info().rss)


@dataclass(frozen=True)
class Rig:
    """portal: logs warnings only, as the relay does; chatty: another one, with a log line a call.

    held: a scripted provider behind the portal's model `acme/held`. settings: the portal's.
    """

    upstream: Server
    relay: Server
    portal: Server
    chatty: Server
    held: Upstream
    settings: Settings


def _settings(folder: Path, upstream_url: str, held_url: str) -> Settings:
    """A fresh portal: `acme/fast` is the fast provider's, `acme/held` the scripted one's."""
    config = write_model_config(folder / "model_config", upstream_url, models=("fast",))
    write_model_config(config, upstream_url, models=("held",), model={"apiBase": held_url})
    return Settings(
        data_dir=folder / "data",
        cache_dir=folder / "cache",
        model_config_dir=config,
        local_model="off",
        log_level="warning",
    )


@contextmanager
def rig(folder: Path) -> Iterator[Rig]:
    """Start everything in `folder`; it is stopped when the block ends."""
    upstream = ServerProcess("tests.performance.fast_upstream", folder=folder)
    with upstream, Upstream() as held:
        base = f"{upstream.url}/v1"
        settings = _settings(folder, base, held.url)
        chatty_settings = settings.model_copy(
            update={"data_dir": folder / "chatty", "log_level": "info"}
        )
        relay = ServerProcess(
            "tests.performance.bare_relay", folder=folder, arguments=["--upstream", base]
        )
        portal, chatty = _portal(settings), _portal(chatty_settings)
        with relay, portal, chatty:
            yield Rig(
                Server("upstream", upstream, {}, "fast"),
                Server("relay", relay, {}, "fast"),
                Server("portal", portal, portal.headers, "acme/fast"),
                Server("chatty", chatty, chatty.headers, "acme/fast"),
                held,
                settings,
            )


def _portal(settings: Settings) -> PortalProcess:
    key = asyncio.run(make_key(settings))
    return PortalProcess(settings, key=key, has_pages=False)
