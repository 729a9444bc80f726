"""The first start fetches the embedded model, while the server answers already."""

import asyncio
import logging

import click

from aiportal.cli.progress import pull_with_progress
from aiportal.errors import PortalError
from aiportal.local import weights_path
from aiportal.portal import Portal

__all__ = ["fetch_first_weights"]

_log = logging.getLogger(__name__)


async def fetch_first_weights(portal: Portal) -> None:
    """Fetch the default model's weights if it is an embedded one and they are not here yet.

    A failure is logged with what to do, not raised: other models can serve all the same.
    """
    settings, registry = portal.settings, portal.registry
    model = registry.embedded(registry.default_model)
    if settings.local_model == "off" or model is None or model.weights is None:
        return
    if await asyncio.to_thread(weights_path, model.weights, settings.cache_dir) is not None:
        return
    try:
        await pull_with_progress(model.id, model.weights, settings.cache_dir)
    except PortalError as error:
        _log.error("%s was not fetched: %s", model.id, error.message)
    else:
        click.echo(f"{model.id} is here and answers.")
