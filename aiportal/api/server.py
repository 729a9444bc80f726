"""Serve one portal until it is told to stop: what `aiportal serve`, `app.py` and Spaces run."""

import asyncio
import gc
import webbrowser

import click

from aiportal import logs
from aiportal.api.addresses import sign_in_url
from aiportal.api.app import create_app
from aiportal.api.first_weights import fetch_first_weights
from aiportal.api.listening import Listening, bound, listening, loop_factory
from aiportal.api.web_app import WebApp
from aiportal.portal import Portal
from aiportal.settings import Settings

__all__ = ["relieve_collector", "serve"]

# New objects between two runs of the garbage collector, of its young runs between two older ones, and
# of those between two that look at everything. A run keeps everyone waiting: the young one for 0.6 ms,
# the next for 3; after 4,000 and 50 those were 2.5 and 30. Everything is looked at as seldom as then.
COLLECT_AFTER = (1_000, 10, 200)


def serve(settings: Settings, *, open_browser: bool = False, public_url: str | None = None) -> None:
    """Open the portal, serve the web app and the API, return after SIGINT or SIGTERM.

    Prints the address once it answers, and a one-time sign-in link where nobody is signed in yet.
    The embedded model is fetched meanwhile if it is not there.
    public_url: how people reach it from elsewhere, for the link; else the address it listens on.
    Raises ConfigError, DatabaseUnavailable.
    """
    logs.configure(level=settings.log_level, line_format=settings.log_format)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(settings, open_browser=open_browser, public_url=public_url))
    click.echo("AI Portal has stopped.")


async def _serve(settings: Settings, *, open_browser: bool, public_url: str | None) -> None:
    with bound(settings) as listener:  # before anything that takes seconds
        async with Portal.open(settings) as portal:
            portal.sandbox.begin()
            portal.tools.begin()
            app = create_app(portal, with_pages=True)
            async with listening(app, settings, listener=listener) as server:
                await _welcome(portal, server, open_browser=open_browser, public_url=public_url)
                await _until_ended(portal, server, app.state.web_app)


def relieve_collector() -> None:
    """Let the garbage collector pass over all that was made at the start, which stays anyway.

    For a process that serves and does nothing else: it changes the whole process. It is worth a
    tenth of what relaying a small answer costs.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # else a full run waits for a quarter of what was just frozen: the first counted that
    gc.set_threshold(*COLLECT_AFTER)


async def _until_ended(portal: Portal, server: Listening, web_app: WebApp) -> None:
    """Return when the server has ended. Raises what keeps the web app from being built."""
    fetching = asyncio.create_task(fetch_first_weights(portal), name="first-weights")
    ended = asyncio.create_task(server.ended(), name="server-end")
    ready = asyncio.create_task(web_app.ready(), name="web-app-ready")
    try:
        await asyncio.wait({ended, ready}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            ready.result()
            relieve_collector()
        await ended
    finally:
        for task in (fetching, ended, ready):
            task.cancel()
        await asyncio.wait({fetching, ended, ready})


async def _welcome(
    portal: Portal, server: Listening, *, open_browser: bool, public_url: str | None
) -> None:
    click.echo(f"AI Portal is at {server.url}")
    start = server.url
    if await _needs_link(portal):
        token = await portal.links.create(await portal.users.operator(), "admin")
        start = sign_in_url(public_url or server.url, token)
        click.echo(f"Sign in as admin, once, within 15 minutes: {start}")
        click.echo("Later: `aiportal user link admin` prints another one. Ctrl-C stops the portal.")
    if open_browser:
        await asyncio.to_thread(webbrowser.open, start)


async def _needs_link(portal: Portal) -> bool:
    """True while nobody has come in as admin and no password was given for that."""
    if portal.settings.admin_password is not None:
        return False
    return not await portal.sessions.list(await portal.users.operator())
