"""A model config folder for tests: provider `acme`, whose models are the upstream's."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["write_model_config"]

LIMITS = {"maxBodyBytes": 33_554_432, "maxMessages": 1000, "maxContentChars": 1_000_000}
TIMEOUTS = {"connect": 2, "firstByte": 10, "betweenBytes": 10, "total": 60}
PRICING = {"inputPerMillion": 1.0, "outputPerMillion": 2.0, "cachedInputPerMillion": 0.1}


def write_model_config(
    folder: Path,
    url: str,
    *,
    models: Sequence[str] = ("fast", "slow"),
    config: Mapping[str, Any] | None = None,
    model: Mapping[str, Any] | None = None,
) -> Path:
    """Write `config.json`, if there is none, and `models/acme/NAME.json` for `acme/NAME`; `folder`.

    url: the upstream's base, as `Upstream.url` has it.
    config: fields that replace those of config.json. model: fields for every model's file.
    """
    (folder / "models" / "acme").mkdir(parents=True, exist_ok=True)
    whole: dict[str, Any] = {
        "hotReload": True,
        "defaultModel": f"acme/{models[0]}",
        "limits": LIMITS,
        "timeouts": TIMEOUTS,
        "providers": {"acme": {"dialect": "openai", "apiBase": url, "apiKeyEnv": None}},
    } | dict(config or {})
    if not (folder / "config.json").exists():
        _write(folder / "config.json", whole)
    for name in models:
        entry = {
            "id": f"acme/{name}",
            "name": f"Acme {name}",
            "provider": "acme",
            "enabled": True,
            "upstreamModel": name,
            "contextWindow": 8192,
            "maxOutputTokens": 4096,
            "capabilities": ["chat", "tools"],
            "pricing": PRICING,
        } | dict(model or {})
        _write(folder / "models" / "acme" / f"{name}.json", entry)
    return folder


def _write(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")
