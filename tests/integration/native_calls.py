"""A portal before a fake provider of Anthropic's dialect, and how tests call it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import orjson

from aiportal.settings import Settings
from tests.integration.calls import client
from tests.integration.messages_calls import MESSAGES, message_body
from tests.running import AppServer
from tests.upstreams import write_model_config

__all__ = ["COUNT", "KEY", "KEY_VARIABLE", "native_settings", "send"]

COUNT = "/v1/messages/count_tokens"
KEY = "sk-ant-of-the-portal"
KEY_VARIABLE = "CLAUDE_TEST_KEY"


def native_settings(
    tmp_path: Path,
    base: str,
    *,
    fields: Mapping[str, Mapping[str, Any]] | None = None,
    config: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Settings:
    """Settings of a portal whose `acme/fast` and others are Anthropic's, `fast` by its upstream's name.

    fields: of each model's file, by name. config: of config.json. headers: the provider's.
    """
    folder = tmp_path / "model_config"
    provider = {
        "dialect": "anthropic",
        "apiBase": base,
        "apiKeyEnv": KEY_VARIABLE,
        "headers": dict(headers or {}),
    }
    whole = {"providers": {"acme": provider}, **(config or {})}
    for name, own in {"fast": {}, **(fields or {})}.items():
        write_model_config(folder, base, models=(name,), config=whole, model=own)
    return Settings(port=0, data_dir=tmp_path / "data", model_config_dir=folder, local_model="off")


async def send(
    server: AppServer,
    path: str = MESSAGES,
    *,
    headers: Mapping[str, str] | None = None,
    **fields: Any,
) -> httpx.Response:
    """One message, read whole, streamed or not as `stream` says."""
    async with client(server) as session:
        content = orjson.dumps(message_body(**fields))
        kind = {"content-type": "application/json"}
        return await session.post(path, content=content, headers={**kind, **(headers or {})})
