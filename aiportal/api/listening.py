"""The web server: uvicorn around one app on one listening socket."""

import asyncio
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from aiportal.api.addresses import url_of
from aiportal.api.http_protocol import BoundedHttpProtocol
from aiportal.errors import ConfigError
from aiportal.settings import Settings

__all__ = ["Listening", "bound", "listening", "loop_factory"]

BACKLOG = 2048
# Where a proxy may stand whose X-Forwarded-* headers count. Of several addresses in X-Forwarded-For
# the last that is not in here is the caller's: those before it the caller can make up.
PROXY_NETWORKS = [
    "127.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1",
    "fc00::/7",
]
KEEP_ALIVE_S = (
    75  # longer than the pools of common clients keep a connection (httpx: 5, aiohttp: 15)
)
SHUTDOWN_S = 5  # for answers in flight; then their connections are closed


@dataclass(frozen=True)
class Listening:
    """A server that answers. url: without a trailing slash, with the real port."""

    url: str
    _server: "_Server"
    _task: "asyncio.Task[None]"

    async def ended(self) -> None:
        """Wait until the server has stopped, by `stop` or by a signal."""
        await asyncio.shield(self._task)

    def stop(self) -> None:
        """Take no more calls, give those in flight some seconds, then end."""
        self._server.should_exit = True


@contextmanager
def bound(settings: Settings) -> Iterator[socket.socket]:
    """A socket on the settings' host and port; who connects waits until it is served.

    Raises ConfigError where the port is not to be had.
    """
    host, port = settings.host, settings.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"Port {port} on {host} is not to be had ({error.strerror}). Stop what uses it, or take "
            "another one: AIPORTAL_PORT or --port."
        ) from error
    with listener:
        # What is accepted takes this over. uvloop sets it by itself; asyncio's own loop does not see
        # that such a socket is TCP, and a stream's second piece then waits for the first one's receipt.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


@asynccontextmanager
async def listening(
    app: ASGIApp, settings: Settings, *, listener: socket.socket | None = None
) -> AsyncIterator[Listening]:
    """Serve `app` on the settings' host and port while the context is open.

    listener: from `bound`, where the port was taken beforehand. In the main thread SIGINT and
    SIGTERM stop the server. Raises ConfigError where the port is not to be had.
    """
    with bound(settings) if listener is None else nullcontext(listener) as listener:
        server = _Server(_config(app, settings))
        task = asyncio.create_task(server.serve([listener]), name="http-server")
        try:
            await server.wait_until_listening(task)
            yield Listening(url_of(settings.host, listener.getsockname()[1]), server, task)
        finally:
            server.should_exit = True
            await task


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the event loop that serves fastest here: uvloop's where it is installed."""
    return uvicorn.Config("no app is loaded", log_config=None).get_loop_factory()


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    is_behind_proxy = settings.behind_proxy or settings.on_spaces
    return uvicorn.Config(
        app,
        http=BoundedHttpProtocol,
        log_config=None,  # our own, see `logs`
        access_log=False,
        server_header=False,
        proxy_headers=is_behind_proxy,
        forwarded_allow_ips=PROXY_NETWORKS if is_behind_proxy else None,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )


class _Server(uvicorn.Server):
    """Tells when it listens, and leaves the end of the process to whoever started it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._is_listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._is_listening.set()

    async def wait_until_listening(self, task: "asyncio.Task[None]") -> None:
        """Return once calls are answered; raise what `task` raises if it ends before."""
        waiting = asyncio.create_task(self._is_listening.wait())
        try:
            await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
            if not self._is_listening.is_set():
                task.result()
                raise ConfigError("The web server ended while it started. The log says why.")
        finally:
            waiting.cancel()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but it does not raise them again: the portal is still to be closed."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
