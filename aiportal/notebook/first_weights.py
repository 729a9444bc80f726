"""The first question to the embedded default model fetches its weights, as `aiportal serve` does."""

import asyncio
from collections.abc import AsyncGenerator

from aiportal.local import PullProgress, Weights, pull, weights_path
from aiportal.notebook.pieces import Notice
from aiportal.portal import Portal

__all__ = ["fetch_first_weights"]

NEWS_EVERY_S = 0.5


async def fetch_first_weights(portal: Portal, model_id: str) -> AsyncGenerator[Notice, None]:
    """Fetch the weights if it is the default model and they are not here; tells how far it is.

    Other models are left alone: theirs are gigabytes, to be asked for with `aiportal models pull`.
    Raises ModelUnavailable, ConfigError.
    """
    settings, registry = portal.settings, portal.registry
    model = registry.embedded(model_id) if model_id == registry.default_model else None
    if model is None or model.weights is None or settings.local_model == "off":
        return
    if await asyncio.to_thread(weights_path, model.weights, settings.cache_dir) is not None:
        return
    fetch = _Fetch(model.weights)
    task = asyncio.create_task(pull(model.weights, settings.cache_dir, on_progress=fetch.hear))
    try:
        while not task.done():
            yield Notice(f"*Fetching {model_id}, once: {fetch.size}*")
            await asyncio.wait({task}, timeout=NEWS_EVERY_S)
        task.result()
    finally:
        task.cancel()


class _Fetch:
    """How far one fetch has come."""

    def __init__(self, weights: Weights) -> None:
        self._done_bytes = 0
        self._total_bytes = weights.size_bytes

    def hear(self, progress: PullProgress) -> None:
        self._done_bytes = progress.done_bytes
        self._total_bytes = progress.total_bytes or self._total_bytes

    @property
    def size(self) -> str:
        total = "" if self._total_bytes is None else f" of {self._total_bytes / 1e6:.0f}"
        return f"{self._done_bytes / 1e6:.0f}{total} MB"
