"""Which models a caller may pick, and what to say of one that is only there to try things with."""

from typing import Any

from aiportal.portal import Portal
from aiportal.principal import Principal
from aiportal.registry import Model
from pages.components import picker_value
from pages.reader import figure, held_together

__all__ = ["ModelChoice"]

TINY_BYTES = 300_000_000
"""Weights below this make a model that is good for a try and not for work."""


class ModelChoice:
    """The picker's options and the note above the composer."""

    def __init__(self, portal: Portal) -> None:
        self._registry = portal.registry

    async def options(self, principal: Principal, picked: str | None) -> dict[str, Any]:
        """The picker with what the caller may use now. picked: None for the portal's default."""
        usable = await self._registry.list(principal)
        models = [model for model in usable if "chat" in model.capabilities]
        return picker_value(models, picked or self._registry.default_model)

    async def is_usable(self, principal: Principal, model_id: str) -> bool:
        """Whether the caller may have it answer now."""
        return any(model.id == model_id for model in await self._registry.list(principal))

    async def note(self, principal: Principal, picked: str | None) -> dict[str, str] | None:
        """What the note says of a tiny model: its name and the next better one to pull.

        None for any other model: then there is no note. Of a custom model its base is named.
        """
        model_id = picked or self._registry.default_model
        statuses = {one.model.id: one for one in await self._registry.statuses(principal)}
        status = statuses.get(model_id)
        if status is None or not _is_tiny(status.model):
            return None
        base = statuses.get(status.model.base_model or "", status)
        better = [
            one.model
            for one in statuses.values()
            if one.model.base_model is None and _size(one.model) >= TINY_BYTES and not one.is_usable
        ]
        if not better:
            return {"name": base.model.name, "pull": "", "pull_size": ""}
        next_one = min(better, key=_size)
        size = held_together(f"{figure(_size(next_one) / 1e9, 1)} GB")
        return {"name": base.model.name, "pull": next_one.id, "pull_size": size}


def _size(model: Model) -> int:
    return (model.weights.size_bytes or 0) if model.weights is not None else 0


def _is_tiny(model: Model) -> bool:
    return 0 < _size(model) < TINY_BYTES
