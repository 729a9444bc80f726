"""`aiportal models …`: what is configured, what is here, what is wrong."""

import asyncio

import click

from aiportal.cli.output import json_option, say, show
from aiportal.cli.progress import pull_with_progress
from aiportal.cli.running import load_settings, run
from aiportal.errors import ModelNotFound
from aiportal.registry import LocalServers, Registry

__all__ = ["models"]


@click.group()
def models() -> None:
    """List, fetch and check models."""


@models.command("list")
@json_option
def list_models(*, as_json: bool) -> None:
    """List all configured models, and what each lacks that cannot be used now."""
    statuses = run(lambda portal, operator: portal.registry.statuses(operator))
    rows = [
        {
            "id": status.model.id,
            "name": status.model.name,
            "usable": status.is_usable,
            "missing": status.missing,
        }
        for status in statuses
    ]
    show(rows, as_json=as_json, empty="No models are configured. See docs/models.md.")


@models.command()
@click.argument("model_id", required=False)
@json_option
def pull(model_id: str | None, *, as_json: bool) -> None:
    """Fetch the weights of the embedded model MODEL_ID, or of the default model.

    Goes on where an earlier call broke off, and checks the SHA-256.
    """
    settings = load_settings()
    registry = Registry.load_now(settings)
    model = registry.embedded(model_id or registry.default_model)
    if model is None or model.weights is None:
        raise ModelNotFound(f"{model_id or registry.default_model!r} is not an embedded model.")
    path = asyncio.run(pull_with_progress(model.id, model.weights, settings.cache_dir))
    say(f"{model.id} is in {path}", {"id": model.id, "path": path}, as_json=as_json)


@models.command()
@json_option
def validate(*, as_json: bool) -> None:
    """Check the files of the model config; exit with 1 if anything is wrong."""
    settings = load_settings()
    found = asyncio.run(LocalServers(settings).find())
    problems = Registry.load_now(settings, discovered=found).problems
    rows = [
        {"file": one.file, "field": one.field, "value": one.value, "allowed": one.allowed}
        for one in problems
    ]
    show(rows, as_json=as_json, empty="The model config is right.")
    if problems:
        raise click.exceptions.Exit(1)
