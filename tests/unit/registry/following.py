"""A registry that follows its files."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiportal.errors import ModelNotFound
from aiportal.registry import Model, Registry
from aiportal.settings import Settings
from tests.unit.registry.configs import ADMIN

__all__ = ["Followed", "following"]


class Followed:
    """The registry and its folder. `name` of a file: below `models/any/`."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        self.registry = registry
        self.folder = folder

    def write(self, name: str, content: object) -> None:
        """Write a model's file; text as it stands."""
        text = content if isinstance(content, str) else json.dumps(content)
        (self.folder / "models" / "any" / name).write_text(text)

    def configure(self, content: object) -> None:
        """Write config.json; text as it stands."""
        text = content if isinstance(content, str) else json.dumps(content)
        (self.folder / "config.json").write_text(text)

    def model(self, model_id: str) -> Model | None:
        """What an administrator gets, None where there is none."""
        try:
            return self.registry.resolve(ADMIN, model_id)
        except ModelNotFound:
            return None

    def has(self, model_id: str, **fields: Any) -> bool:
        """Whether it is in service with these fields."""
        model = self.model(model_id)
        return model is not None and all(getattr(model, key) == fields[key] for key in fields)


@asynccontextmanager
async def following(tmp_path: Path, folder: Path, **settings: Any) -> AsyncIterator[Followed]:
    """The registry of a folder, inside its context."""
    registry = await Registry.load(
        Settings(data_dir=tmp_path, model_config_dir=folder, local_model="off", **settings)
    )
    async with registry:
        yield Followed(registry, folder)
