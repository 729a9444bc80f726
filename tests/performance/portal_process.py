"""The portal without pages: `python -m tests.performance.portal_process serve --port N`.

As `aiportal serve` has it, but starts in a fraction of the time: for benchmarks and for tests that
start many. Settings come from the environment, as ever.
"""

import asyncio

import click

from aiportal import logs
from aiportal.api.app import create_app
from aiportal.api.listening import listening, loop_factory
from aiportal.api.server import relieve_collector
from aiportal.portal import Portal
from aiportal.settings import Settings

__all__ = ["serve_api"]


async def serve_api(settings: Settings) -> None:
    """Serve the API until the process is told to end."""
    async with Portal.open(settings) as portal:
        app = create_app(portal, with_pages=False)
        async with listening(app, settings) as server:
            relieve_collector()
            await server.ended()


@click.group()
def main() -> None:
    """The portal's API without its pages."""


@main.command()
@click.option("--port", type=int, required=True)
def serve(port: int) -> None:
    """Serve on loopback until the process is told to end."""
    settings = Settings(port=port)
    logs.configure(level=settings.log_level, line_format=settings.log_format)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve_api(settings))


if __name__ == "__main__":
    main()
