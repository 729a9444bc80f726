"""`python app.py`: the web app and the API, here and on Hugging Face Spaces."""

import os
import sys

import click

from aiportal.api.server import serve
from aiportal.errors import PortalError
from aiportal.settings import Platform, Settings, ensure_temporary_folder

__all__ = ["main"]


def main() -> None:
    """Serve until stopped. Exits with status 1 and the reason where that is not possible."""
    os.umask(0o077)  # what is written is the user's alone
    platform = Platform()
    settings = Settings.for_app(platform)
    ensure_temporary_folder(settings.data_dir)
    try:
        serve(settings, public_url=platform.public_url)
    except PortalError as error:
        click.echo(f"Error: {error.message}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
