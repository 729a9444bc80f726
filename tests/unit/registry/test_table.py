"""What routing is told of a model: its own settings, else config.json's, else ours."""

from pathlib import Path
from typing import Any

import pytest

from aiportal.registry import Cooldown, Model, Pricing, Retries, Timeouts
from tests.unit.registry.configs import ANN, CONFIG, FAST, SLOW, registry


def fast(tmp_path: Path, model: dict[str, Any] | None = None, **config: Any) -> Model:
    """`acme/fast` with these fields in its file, and these in config.json."""
    models = registry(tmp_path, FAST | (model or {}), SLOW, config=CONFIG | config)
    assert models.problems == ()
    return models.resolve(ANN, "acme/fast")


def test_what_nobody_says_has_sensible_values(tmp_path: Path) -> None:
    model = fast(tmp_path)
    assert (model.fallbacks, model.strategy, model.cache_ttl_s) == ((), "weighted", None)
    assert (model.retries, model.cooldown) == (Retries(), Cooldown())
    assert model.retries.attempts == 2


@pytest.mark.parametrize("retries", [4, {"attempts": 4}])
def test_a_number_of_retries_alone_will_do(tmp_path: Path, retries: object) -> None:
    assert fast(tmp_path, retries=retries).retries == Retries(4)


def test_config_json_speaks_for_every_model(tmp_path: Path) -> None:
    model = fast(
        tmp_path,
        retries={"attempts": 0, "baseDelay": 0.1, "maxDelay": 1},
        cooldown={"failures": 1, "seconds": 5},
        strategy="latency",
        timeouts={"connect": 1},
    )
    assert (model.retries, model.cooldown) == (Retries(0, 0.1, 1), Cooldown(1, 5))
    assert (model.strategy, model.timeouts) == ("latency", Timeouts(connect_s=1))


def test_a_models_own_settings_go_first(tmp_path: Path) -> None:
    own = {
        "retries": 1,
        "cooldown": {"seconds": 9},
        "strategy": "cost",
        "timeouts": {"firstByte": 7},
        "cache": {"ttl": 60},
    }
    model = fast(tmp_path, own, retries=5, strategy="least_busy", timeouts={"connect": 1})
    assert (model.retries.attempts, model.cooldown) == (1, Cooldown(3, 9))
    assert (model.strategy, model.cache_ttl_s) == ("cost", 60)
    assert model.timeouts == Timeouts(connect_s=1, first_byte_s=7)


@pytest.mark.parametrize(
    ("own", "common", "expected"),
    [
        ({"fallbacks": ["acme/slow"]}, {}, ("acme/slow",)),
        ({}, {"acme/fast": ["acme/slow"]}, ("acme/slow",)),
        ({}, {"acme/slow": ["acme/fast"]}, ()),
        ({}, ["acme/fast", "acme/slow"], ("acme/slow",)),
        ({"fallbacks": []}, ["acme/slow"], ()),
    ],
)
def test_fallbacks_are_the_models_own_or_those_of_config_json(
    tmp_path: Path, own: dict[str, Any], common: Any, expected: tuple[str, ...]
) -> None:
    assert fast(tmp_path, own, fallbacks=common).fallbacks == expected


def test_a_custom_model_is_routed_like_its_base(tmp_path: Path) -> None:
    base = FAST | {"fallbacks": ["acme/slow"], "retries": 7, "strategy": "cost"}
    custom = {"id": "custom/poet", "baseModel": "acme/fast", "timeouts": {"total": 9}}
    model = registry(tmp_path, base, SLOW, custom).resolve(ANN, "custom/poet")
    assert (model.fallbacks, model.retries.attempts) == (("acme/slow",), 7)
    assert (model.strategy, model.timeouts.total_s) == ("cost", 9)


def test_a_fallback_that_is_no_model_may_become_one_later(tmp_path: Path) -> None:
    models = registry(tmp_path, FAST | {"fallbacks": ["ollama/later"]})
    assert models.problems == ()
    assert models.resolve(ANN, "acme/fast").fallbacks == ("ollama/later",)


def test_a_deployment_may_have_prices_of_its_own(tmp_path: Path) -> None:
    prices = {"inputPerMillion": 1, "reasoningPerMillion": 3, "audioInputPerMillion": 4}
    bases = [{"pricing": {"inputPerMillion": 9}}, {}]
    model = fast(tmp_path, {"pricing": prices, "deployments": bases})
    assert model.pricing == Pricing(1, reasoning_per_million=3, audio_input_per_million=4)
    assert [one.pricing for one in model.deployments] == [Pricing(9), model.pricing]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("retries", 11),
        ("retries", True),
        ("retries", {"attempts": -1}),
        ("strategy", "luck"),
        ("cooldown", {"failures": 0}),
        ("cache", {"ttl": 0}),
        ("timeouts", {"connect": 0}),
        ("pricing", {"reasoningPerMillion": -1}),
    ],
)
def test_what_is_out_of_bounds_is_told(tmp_path: Path, field: str, value: object) -> None:
    (problem,) = registry(tmp_path, FAST | {field: value}).problems
    assert problem.field.split(".")[0] == field
