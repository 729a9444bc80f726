"""`aiportal serve`."""

import click

from aiportal.api.server import serve as serve_portal
from aiportal.cli.running import load_settings

__all__ = ["serve"]


@click.command()
@click.option("--host", help="Address to listen on instead of AIPORTAL_HOST.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
@click.option("--open", "open_browser", is_flag=True, help="Open the web app in the browser.")
def serve(host: str | None, port: int | None, *, open_browser: bool) -> None:
    """Start the web app and the API.

    Ctrl-C stops them. The first start makes the data folder, the database and the user `admin`,
    prints a one-time sign-in link, and fetches the embedded model (unless AIPORTAL_LOCAL_MODEL=off).
    """
    serve_portal(load_settings(host=host, port=port), open_browser=open_browser)
