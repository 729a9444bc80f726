"""`aiportal models …`."""

import json
from pathlib import Path

from tests.unit.cli.conftest import Cli


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
