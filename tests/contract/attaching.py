"""Uploading over HTTP, and models that see."""

import io
from pathlib import Path
from typing import Any

import aiohttp

from tests.contract.conversing import Client
from tests.upstreams import write_model_config

__all__ = ["attach", "form_of", "with_eyes"]


def form_of(name: str, data: bytes) -> aiohttp.FormData:
    """A multipart form with one file."""
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", io.BytesIO(data), filename=name, content_type="application/octet-stream")
    return form


async def attach(client: Client, name: str, data: bytes) -> dict[str, Any]:
    """Upload a file that is taken; what the portal says of it."""
    status, body = await client.call("POST", "/attachments", data=form_of(name, data))
    assert status == 201, body
    return body


def with_eyes(folder: Path, url: str, **fields: object) -> None:
    """Add the model `acme/eyes`, which sees, to a model config."""
    capabilities = {"capabilities": ["chat", "vision"]}
    write_model_config(folder, url, models=("eyes",), model=capabilities | fields)
