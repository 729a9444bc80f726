"""Model servers that run on this machine: what they offer can be used without any file."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
from pydantic import TypeAdapter, ValidationError

from aiportal.registry.models import Deployment, Model, Pricing
from aiportal.registry.schema import ModelId
from aiportal.settings import Settings

__all__ = ["LocalServers"]

TIMEOUT = aiohttp.ClientTimeout(total=0.5)
MAX_ANSWER_BYTES = 1024 * 1024
MAX_MODELS = 200  # of one server
OLLAMA = "ollama"  # lists by a route of its own what an old one does not list by OpenAI's

_MODEL_ID: TypeAdapter[str] = TypeAdapter(ModelId)
_log = logging.getLogger(__name__)


class LocalServers:
    """Asks each server that the settings name, and believes little of the answer."""

    def __init__(self, settings: Settings) -> None:
        servers = settings.local_servers if settings.discover_local else ()
        self._bases = {name: base for name, _, base in (one.partition("=") for one in servers)}
        self._own_port = settings.port

    async def find(self) -> tuple[Model, ...]:
        """The models that these servers offer now. Takes half a second at most, and never raises."""
        bases = {
            name: base
            for name, base in self._bases.items()
            if urlsplit(base).port != self._own_port
        }
        if not bases:
            return ()
        async with aiohttp.ClientSession(
            timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            offers = await asyncio.gather(
                *(_offered(session, name, base) for name, base in bases.items())
            )
        found = {model.id: model for models in offers for model in models}
        return tuple(found.values())


async def _offered(session: aiohttp.ClientSession, name: str, base: str) -> list[Model]:
    routes = ["/v1/models", *(["/api/tags"] if name == OLLAMA else [])]
    answers = await asyncio.gather(*(_get(session, base + route) for route in routes))
    names = dict.fromkeys(one for answer in answers for one in _names(answer))
    models = [_model(name, base, upstream_model) for upstream_model in list(names)[:MAX_MODELS]]
    return [model for model in models if model is not None]


async def _get(session: aiohttp.ClientSession, url: str) -> Mapping[str, Any]:
    """The JSON object there, an empty one for everything else."""
    body = bytearray()
    with suppress(aiohttp.ClientError, TimeoutError, OSError, orjson.JSONDecodeError):
        async with session.get(url, allow_redirects=False) as response:
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > MAX_ANSWER_BYTES:
                    return {}
        answer = orjson.loads(body) if response.status == 200 else None
        return answer if isinstance(answer, dict) else {}
    return {}


def _names(answer: Mapping[str, Any]) -> Iterable[str]:
    """What OpenAI's list calls `id`, and Ollama's `model`."""
    for entries, key in ((answer.get("data"), "id"), (answer.get("models"), "model")):
        if isinstance(entries, list):
            found = [entry.get(key) for entry in entries if isinstance(entry, dict)]
            yield from (one for one in found if isinstance(one, str))


def _model(server: str, base: str, upstream_model: str) -> Model | None:
    """A llama.cpp server may call its model by the path of a file: the file's name will do."""
    short = upstream_model.replace("\\", "/").rsplit("/", 1)[-1]
    name = short if upstream_model.startswith("/") or "\\" in upstream_model else upstream_model
    try:
        model_id = _MODEL_ID.validate_python(f"{server}/{name}")
    except ValidationError:
        _log.debug("A model server on this machine offers a model whose name is no id")
        return None
    is_embedding = "embed" in name.lower()
    return Model(
        id=model_id,
        name=f"{name} ({server})",
        provider=server,
        description="Offered by a model server on this machine.",
        deployments=(Deployment(model_id, "openai", upstream_model, f"{base}/v1", None, {}),),
        context_window=None,
        max_output_tokens=None,
        capabilities=("embeddings",) if is_embedding else ("chat",),
        pricing=Pricing(),
        parameters={},
        system_prompt="",
        base_model=None,
        weights=None,
        is_discovered=True,
    )
