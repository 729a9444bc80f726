"""The portal without pages: `python -m tests.performance.portal_process serve --port N`.

Starts in a fraction of the time that `aiportal serve` takes, for benchmarks and for tests that
start many. Settings come from the environment, as ever.
"""

import click
import uvicorn
import uvloop

from aiportal.api.app import create_app
from aiportal.portal import Portal
from aiportal.settings import Settings

__all__ = ["serve_api"]


async def serve_api(settings: Settings, port: int) -> None:
    """Serve the API on loopback until the process is told to end."""
    async with Portal.open(settings) as portal:
        app = create_app(portal, with_pages=False)
        config = uvicorn.Config(
            app, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1
        )
        await uvicorn.Server(config).serve()


@click.group()
def main() -> None:
    """The portal's API without its pages."""


@main.command()
@click.option("--port", type=int, required=True)
def serve(port: int) -> None:
    """Serve on loopback until the process is told to end."""
    uvloop.run(serve_api(Settings(), port))


if __name__ == "__main__":
    main()
