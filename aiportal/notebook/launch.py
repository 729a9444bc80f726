"""The web app beside a notebook: a server on the background loop, shown in a frame of the cell."""

import asyncio
import os
import secrets
import warnings
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from string import Template
from typing import Any

from aiportal.errors import Conflict
from aiportal.notebook.cell import show
from aiportal.notebook.cores import Cores, process_cores
from aiportal.notebook.loop import at_exit, process_loop
from aiportal.portal import Portal
from aiportal.settings import Settings

__all__ = ["Launched", "launch"]

NOTEBOOK_ORIGINS = ("http://localhost:*", "http://127.0.0.1:*")

# The frame is addressed as the notebook's own page is: a browser gives a frame of another host no
# cookie, and for it `localhost` and `127.0.0.1` are two. On a page from another machine, or of a
# program such as an editor, there is the link instead: the server listens on this machine only.
_FRAME = Template("""\
<iframe id="$id" width="100%" height="$height" style="border: 0" title="AI Portal"
 allow="clipboard-write; microphone"></iframe>
<p><a id="$id-link" href="$link" target="_blank" rel="noopener">AI Portal in a tab of its own</a>
<span id="$id-far" hidden>It is on the kernel's machine, port $port. If that is another machine than
the browser's, forward the port first: <code>ssh -L $port:127.0.0.1:$port</code>.</span></p>
<script>
(() => {
  const [frame, link, far] = ["", "-link", "-far"].map((end) => document.getElementById("$id" + end));
  const isNear = ["localhost", "127.0.0.1"].includes(location.hostname);
  frame.hidden = !isNear;
  far.hidden = isNear;
  if (isNear) {
    const base = `http://$${location.hostname}:$port/`;
    frame.src = base + "$path";
    link.href = base + "$link_path";
  }
})();
</script>
""")


class Launched:
    """A running web app. url: where it answers on this machine."""

    def __init__(self, url: str, data_dir: Path, servers: "_Servers") -> None:
        self.url = url
        self._data_dir = data_dir
        self._servers = servers

    def __repr__(self) -> str:
        return f"<AI Portal at {self.url}>"

    def show(self, *, height: int = 700) -> None:
        """Show it in the running cell, `height` pixels high, with a sign-in that is good once."""
        own, link = (
            process_loop().run(self._servers.sign_in_path(self._data_dir))
            for _ in ("frame", "link")
        )
        frame = _frame(self.url, own, link, height)
        show({"text/html": frame, "text/plain": f"{self.url}/{link}"})

    def close(self) -> None:
        """Stop the server. May be called again."""
        process_loop().run(self._servers.stop(self._data_dir))


def launch(
    data_dir: str | Path | None = None,
    *,
    port: int = 0,
    inline: bool = True,
    height: int = 700,
    settings: Settings | None = None,
) -> Launched:
    """Serve the web app of an embedded portal, and show it below the cell.

    A second call gives the same server, whatever its port. It listens on this machine only, and
    stops with `close` or with the kernel.

    data_dir, settings: as for `Portal`. port: 0 takes a free one. inline: False shows no frame.
    height: of the frame in pixels. Raises ConfigError where the port is not to be had.
    """
    settings = settings or Settings()
    if data_dir is not None:
        settings = settings.model_copy(update={"data_dir": Path(data_dir)})
    launched = process_loop().run(_process_servers().start(settings, port=port))
    if inline:
        launched.show(height=height)
    return launched


@dataclass(frozen=True)
class _Running:
    launched: Launched
    core: Portal
    stack: AsyncExitStack


class _Servers:
    """The servers of this process, at most one for each data folder. Used on one loop only."""

    def __init__(self, cores: Cores) -> None:
        self._cores = cores
        self._running: dict[Path, _Running] = {}
        self._lock = asyncio.Lock()

    async def start(self, settings: Settings, *, port: int) -> Launched:
        """The server of the settings' data folder, started if need be."""
        data_dir = settings.data_dir
        async with self._lock:
            if data_dir not in self._running:
                async with AsyncExitStack() as stack:
                    core = await self._cores.acquire(settings)
                    stack.push_async_callback(self._cores.release, settings)
                    launched = Launched(await _serve(core, stack, port=port), data_dir, self)
                    self._running[data_dir] = _Running(launched, core, stack.pop_all())
            return self._running[data_dir].launched

    async def stop(self, data_dir: Path) -> None:
        """Stop it if it runs."""
        async with self._lock:
            if found := self._running.pop(data_dir, None):
                await found.stack.aclose()

    async def close(self) -> None:
        """Stop all."""
        for data_dir in list(self._running):
            await self.stop(data_dir)

    async def sign_in_path(self, data_dir: Path) -> str:
        """Path and query of a page that signs the operator in, good once."""
        if data_dir not in self._running:
            raise Conflict("This server was stopped. Call `launch()` again.")
        core = self._running[data_dir].core
        operator = await core.users.operator()
        return f"login/link?token={await core.links.create(operator, operator.username)}"


async def _serve(core: Portal, stack: AsyncExitStack, *, port: int) -> str:
    """Start the server of a core; the stack stops it."""
    app, listening = await asyncio.to_thread(_web_app, core)
    own = core.settings.model_copy(update={"host": "127.0.0.1", "port": port})
    server = await stack.enter_async_context(listening(app, own))
    return str(server.url)


def _web_app(core: Portal) -> tuple[Any, Any]:
    """The app, and what serves it. Importing them takes seconds: only who launches pays for that."""
    with warnings.catch_warnings():
        # In a kernel without ipywidgets Gradio's import makes tqdm complain into the cell.
        warnings.filterwarnings("ignore", message="IProgress not found")
        app_module = import_module("aiportal.api.app")
        listening_module = import_module("aiportal.api.listening")
        import_module("pages")
        app = app_module.create_app(core, with_pages=True, frame_ancestors=NOTEBOOK_ORIGINS)
    return app, listening_module.listening


def _process_servers() -> _Servers:
    return _servers_of(os.getpid())


@lru_cache(maxsize=1)
def _servers_of(pid: int) -> _Servers:  # noqa: ARG001 - the key of the cache
    servers = _Servers(process_cores())
    at_exit(servers.close)
    return servers


def _frame(url: str, path: str, link_path: str, height: int) -> str:
    """The frame, which opens `path` by itself, and a link to `link_path` below it."""
    return _FRAME.substitute(
        id=f"aiportal-{secrets.token_hex(4)}",
        height=int(height),
        port=url.rpartition(":")[2],
        path=path,
        link=f"{url}/{link_path}",
        link_path=link_path,
    )
