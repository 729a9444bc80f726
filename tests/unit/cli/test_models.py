"""`aiportal models …`."""

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from aiportal.settings import Settings
from tests.unit.cli.conftest import Cli

GGUF = b"GGUF" + bytes(2000)
SHA256 = hashlib.sha256(GGUF).hexdigest()


def test_every_configured_model_is_listed_with_what_it_lacks(cli: Cli) -> None:
    rows = {row["id"]: row for row in json.loads(cli("models", "list", "--json").stdout)}
    openai = next(row for name, row in rows.items() if name.startswith("openai/"))
    assert not openai["usable"]
    assert "OPENAI_API_KEY" in openai["missing"]
    assert "AIPORTAL_LOCAL_MODEL" in rows["local/smollm2-135m-instruct"]["missing"]


def test_a_key_makes_a_model_usable(cli: Cli) -> None:
    rows = json.loads(cli("models", "list", "--json", OPENAI_API_KEY="sk-test").stdout)
    assert next(row["usable"] for row in rows if row["id"].startswith("openai/"))


def test_the_shipped_config_is_right(cli: Cli) -> None:
    result = cli("models", "validate")
    assert (result.exit_code, result.stdout) == (0, "The model config is right.\n")


def test_a_wrong_config_is_told_with_file_field_and_what_is_allowed(
    wired_cli: Cli, portal_config: Path
) -> None:
    (portal_config / "models" / "bad.json").write_text('{"id": "acme/bad", "provider": "nobody"}')
    result = wired_cli("models", "validate", "--json")
    assert result.exit_code == 1
    [problem] = json.loads(result.stdout)
    assert (problem["file"], problem["field"]) == ("models/bad.json", "provider")
    assert "acme" in problem["allowed"]


def test_only_an_embedded_model_can_be_pulled(wired_cli: Cli) -> None:
    result = wired_cli("models", "pull", "acme/fast")
    assert result.exit_code == 1
    assert "acme/fast" in result.stderr


@pytest.fixture
def tiny_cli(tmp_path: Path, portal_config: Path, wired_settings: Settings) -> Iterator[Cli]:
    """The command line with one embedded model, whose weights a server on loopback has."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "tiny.gguf").write_bytes(GGUF)
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        weights = {"source": f"http://127.0.0.1:{server.server_port}/tiny.gguf", "sha256": SHA256}
        model = {"id": "acme/tiny", "provider": "acme", "dialect": "local", "weights": weights}
        (portal_config / "models" / "tiny.json").write_text(json.dumps(model))
        yield Cli(wired_settings)
        server.shutdown()
        thread.join()


def test_pull_fetches_once_and_says_where(tiny_cli: Cli) -> None:
    first = tiny_cli("models", "pull", "acme/tiny")
    assert first.exit_code == 0, first.output
    path = Path(first.stdout.removeprefix("acme/tiny is in ").strip())
    assert path.read_bytes() == GGUF
    assert tiny_cli("models", "pull", "acme/tiny").stdout == first.stdout
    as_json = json.loads(tiny_cli("models", "pull", "acme/tiny", "--json").stdout)
    assert as_json == {"id": "acme/tiny", "path": str(path)}


def test_pull_refuses_what_is_not_what_was_pinned(tiny_cli: Cli, portal_config: Path) -> None:
    file = portal_config / "models" / "tiny.json"
    file.write_text(file.read_text().replace(SHA256, "0" * 64))
    result = tiny_cli("models", "pull", "acme/tiny")
    assert result.exit_code == 1
    assert "SHA-256" in result.stderr
