"""Small model configs for tests of the registry."""

import json
from pathlib import Path
from typing import Any

from aiportal.principal import Principal
from aiportal.registry import Registry
from aiportal.settings import Settings

__all__ = ["ADMIN", "ANN", "BOB", "CONFIG", "FAST", "SLOW", "registry", "write_config"]

ANN = Principal(user_id="ann", username="ann", role="user")
BOB = Principal(user_id="bob", username="bob", role="user")
ADMIN = Principal(user_id="root", username="admin", role="admin")
CONFIG: dict[str, Any] = {
    "defaultModel": "acme/fast",
    "providers": {
        "acme": {"apiBase": "http://127.0.0.1:9101/v1", "apiKeyEnv": None},
        "paid": {"apiBase": "https://paid.invalid/v1", "apiKeyEnv": "PAID_API_KEY"},
    },
}
FAST: dict[str, Any] = {"id": "acme/fast", "provider": "acme"}
SLOW: dict[str, Any] = {"id": "acme/slow", "provider": "acme"}


def write_config(tmp_path: Path, *models: object, config: object = CONFIG) -> Path:
    """A folder with config.json and `models/any/0.json` and so on; text is written as it stands."""
    folder = tmp_path / "model_config"
    (folder / "models" / "any").mkdir(parents=True)
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    for number, model in enumerate(models):
        text = model if isinstance(model, str) else json.dumps(model)
        (folder / "models" / "any" / f"{number}.json").write_text(text)
    return folder


def registry(tmp_path: Path, *models: object, config: object = CONFIG) -> Registry:
    """What a portal makes of such a folder."""
    folder = write_config(tmp_path, *models, config=config)
    return Registry.load_now(Settings(data_dir=tmp_path, model_config_dir=folder))
