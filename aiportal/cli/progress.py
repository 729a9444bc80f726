"""Fetching weights under a progress bar on standard error."""

import asyncio
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from aiportal.local import PullProgress, Weights, pull, weights_path
from aiportal.local.progress import Stage

__all__ = ["pull_with_progress"]

STAGES: dict[Stage, str] = {
    "waiting": "Waiting for somebody who fetches",
    "fetching": "Fetching",
    "unpacking": "Unpacking",
    "verifying": "Checking",
    "done": "Fetched",
}


async def pull_with_progress(model_id: str, weights: Weights, cache_dir: Path) -> Path:
    """Fetch unless it is here, show how far it is; the file. Raises what `local.pull` raises."""
    if (path := await asyncio.to_thread(weights_path, weights, cache_dir)) is not None:
        return path
    console = Console(stderr=True)
    if not console.is_terminal:
        click.echo(f"Fetching {model_id}{_size(weights)}", err=True)
    with Progress(
        TextColumn("{task.fields[stage]} {task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(model_id, total=weights.size_bytes, stage=STAGES["fetching"])

        def on_progress(progress: PullProgress) -> None:
            stage = STAGES[progress.stage]
            bar.update(task, completed=progress.done_bytes, total=progress.total_bytes, stage=stage)

        return await pull(weights, cache_dir, on_progress=on_progress)


def _size(weights: Weights) -> str:
    return "" if weights.size_bytes is None else f" ({weights.size_bytes / 1e6:.0f} MB)"
