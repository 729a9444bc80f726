import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import ModelNotFound, ModelUnavailable, PermissionDenied
from aiportal.principal import Principal, fold
from aiportal.registry import Pricing, Registry, config_folder, lay_out
from aiportal.settings import Settings
from tests.unit.registry.configs import ANN, CONFIG, FAST, registry


def test_id_and_provider_are_enough(tmp_path: Path) -> None:
    model = registry(tmp_path, FAST).resolve(ANN, "acme/fast")
    (deployment,) = model.deployments
    assert (model.name, deployment.upstream_model) == ("fast", "fast")
    assert deployment.api_base == "http://127.0.0.1:9101/v1"
    assert deployment.api_key is None


def test_several_deployments_are_told_apart_and_take_what_they_lack_from_the_model(
    tmp_path: Path,
) -> None:
    bases = [{"apiBase": "http://127.0.0.1:1/v1", "weight": 2}, {"upstreamModel": "other"}]
    model = registry(tmp_path, {**FAST, "deployments": bases}).resolve(ANN, "acme/fast")
    assert [d.id for d in model.deployments] == ["acme/fast#1", "acme/fast#2"]
    assert [d.upstream_model for d in model.deployments] == ["fast", "other"]
    assert model.deployments[1].api_base == "http://127.0.0.1:9101/v1"


def test_an_unknown_model_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="acme/none"):
        registry(tmp_path, FAST).resolve(ANN, "acme/none")


def test_a_model_without_its_key_says_which_variable(tmp_path: Path) -> None:
    paid = registry(tmp_path, {"id": "paid/big", "provider": "paid"})
    with pytest.raises(ModelUnavailable, match="Set PAID_API_KEY"):
        paid.resolve(ANN, "paid/big")


def test_a_disabled_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="disabled"):
        registry(tmp_path, {**FAST, "enabled": False}).resolve(ANN, "acme/fast")


def test_a_key_restricted_to_other_models_may_not(tmp_path: Path) -> None:
    restricted = Principal("ann", "ann", "user", "key", frozenset({"acme/slow"}))
    models = registry(tmp_path, FAST, {"id": "acme/slow", "provider": "acme"})
    with pytest.raises(PermissionDenied):
        models.resolve(restricted, "acme/fast")
    assert [status.model.id for status in models.statuses_now(restricted)] == ["acme/slow"]


async def test_the_list_holds_what_can_serve(tmp_path: Path) -> None:
    paid = {"id": "paid/big", "provider": "paid"}
    models = await asyncio.to_thread(registry, tmp_path, FAST, paid)
    assert [model.id for model in await models.list(ANN)] == ["acme/fast"]


def test_a_custom_model_builds_on_its_base(tmp_path: Path) -> None:
    base = {**FAST, "parameters": {"temperature": 1, "seed": 1}}
    custom = {
        "id": "custom/poet",
        "baseModel": "acme/fast",
        "systemPrompt": "Rhyme.",
        "parameters": {"temperature": 0},
    }
    model = registry(tmp_path, base, custom).resolve(ANN, "custom/poet")
    assert model.parameters == {"temperature": 0, "seed": 1}
    assert (model.system_prompt, model.base_model) == ("Rhyme.", "acme/fast")
    assert model.deployments[0].upstream_model == "fast"


@pytest.mark.parametrize(
    ("model", "field", "allowed"),
    [
        ({"provider": "acme"}, "id", "Field required"),
        ({**FAST, "id": "nodash"}, "id", "pattern"),
        ({**FAST, "provider": "none"}, "provider", "one of: acme, paid"),
        ({**FAST, "wieght": 1}, "wieght", "not permitted"),
        ({**FAST, "apiBase": "ftp://x"}, "apiBase", "pattern"),
        ({"id": "custom/x", "baseModel": "acme/none"}, "baseModel", "configured model"),
        ("{", "", "not JSON"),
        ("[]", "", "object"),
        ("[" * 100_000, "", "nested"),
    ],
)
def test_a_bad_file_is_left_out_and_named(
    tmp_path: Path, model: object, field: str, allowed: str
) -> None:
    (problem,) = registry(tmp_path, model).problems
    assert (problem.file, problem.field) == ("models/any/0.json", field)
    assert allowed in problem.allowed


def test_the_two_files_of_the_design_are_enough_for_a_private_upstream(tmp_path: Path) -> None:
    config = {**CONFIG, "hotReload": True, "retries": 2, "fallbacks": {"acme/fast": ["acme/slow"]}}
    model = {
        **FAST,
        "contextWindow": 8192,
        "capabilities": ["chat", "tools", "vision"],
        "pricing": {"inputPerMillion": 1.0, "outputPerMillion": 2.0},
        "fallbacks": ["acme/slow"],
        "deployments": [{"apiBase": "http://127.0.0.1:9101/v1", "weight": 2}],
    }
    models = registry(tmp_path, model, config=config)
    assert models.problems == ()
    assert models.resolve(ANN, "acme/fast").context_window == 8192


@pytest.mark.parametrize(
    ("access", "may"),
    [
        ({"roles": ["user"]}, True),
        ({"users": ["Ann"]}, True),
        ({}, True),
        ({"roles": ["admin"]}, False),
        ({"users": ["bob"]}, False),
        ({"groups": ["Staff"]}, True),
        ({"groups": ["others", "STRASSE"]}, True),
        ({"groups": ["others"]}, False),
        ({"groups": ["others"], "users": ["ann"]}, True),
        ({"groups": ["others"], "users": ["bob"], "roles": ["admin"]}, False),
    ],
)
def test_access_is_for_those_who_are_named_and_for_administrators(
    tmp_path: Path, access: dict[str, list[str]], may: bool
) -> None:
    ann = replace(ANN, groups=frozenset({"staff", fold("Straße")}))
    models = registry(tmp_path, {**FAST, "access": access})
    assert models.resolve(Principal("root", "admin", "admin"), "acme/fast")
    assert [status.model.id for status in models.statuses_now(ann)] == ["acme/fast"] * may
    if not may:
        with pytest.raises(ModelNotFound):
            models.resolve(ann, "acme/fast")


def test_a_rate_limit_that_nothing_enforces_is_told(tmp_path: Path) -> None:
    models = registry(tmp_path, {**FAST, "rateLimit": {"rpm": 5}})
    assert "not enforced" in models.problems[0].allowed
    assert models.resolve(ANN, "acme/fast")


def test_the_same_id_twice_names_both_files(tmp_path: Path) -> None:
    (problem,) = registry(tmp_path, FAST, FAST).problems
    assert str(problem) == (
        "models/any/1.json: `id` is 'acme/fast': already the id of models/any/0.json; choose another"
    )


def test_a_broken_main_file_leaves_the_portal_standing(tmp_path: Path) -> None:
    broken = registry(tmp_path, config="{")
    assert broken.problems[0].file == "config.json"


def test_the_shipped_models_are_without_problems(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    shipped = Registry.load_now(Settings(data_dir=tmp_path, model_config_dir=root / "model_config"))
    assert shipped.problems == ()
    assert shipped.embedded(shipped.default_model) is not None


def test_the_packaged_models_are_read_without_a_trace_and_laid_out_on_request(
    tmp_path: Path,
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    assert Registry.load_now(settings).problems == ()
    assert not settings.data_dir.exists()
    lay_out(settings)
    assert config_folder(settings) == settings.data_dir / "model_config"
    assert Registry.load_now(settings).problems == ()


def test_the_key_is_not_in_the_representation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAID_API_KEY", "sk-very-secret")
    model = registry(tmp_path, {"id": "paid/big", "provider": "paid"}).resolve(ANN, "paid/big")
    assert model.deployments[0].api_key == "sk-very-secret"
    assert "very-secret" not in repr(model)


@pytest.mark.parametrize(
    ("pricing", "cost_usd"),
    [
        (Pricing(1, 2), (100 * 1 + 50 * 2) / 1e6),
        (Pricing(1, 2, 0.1), (60 * 1 + 40 * 0.1 + 50 * 2) / 1e6),
        (Pricing(), 0),
    ],
)
def test_cached_tokens_have_their_own_price(pricing: Pricing, cost_usd: float) -> None:
    assert pricing.cost_usd(TokenUsage(100, 50, cached_tokens=40)) == pytest.approx(cost_usd)
