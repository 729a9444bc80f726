"""How many tokens a prompt has, asked of the engine that would answer it."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

from aiportal.local.llm import LocalEndpoint

__all__ = ["count_tokens"]

TIMEOUT_S = 30


async def count_tokens(endpoint: LocalEndpoint, body: Mapping[str, Any]) -> int | None:
    """Tokens of a chat request, the model's template included; None where the engine cannot tell."""
    headers = {"Authorization": f"Bearer {endpoint.api_key}", "Content-Type": "application/json"}
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    url = f"{endpoint.base_url}/chat/completions/input_tokens"
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
            session.post(url, data=orjson.dumps(body)) as answer,
        ):
            found: Any = orjson.loads(await answer.read())
    except (aiohttp.ClientError, TimeoutError, OSError, orjson.JSONDecodeError):
        return None
    tokens = found.get("input_tokens") if isinstance(found, dict) else None
    return tokens if isinstance(tokens, int) else None
