"""The picker lists what may be picked and reads what was."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from aiportal.registry import Model, Pricing
from pages.components import picked_model, picker_value

MODEL = Model(
    id="acme/fast",
    name="Acme Fast",
    provider="acme",
    description="",
    deployments=(),
    context_window=None,
    max_output_tokens=None,
    capabilities=("chat",),
    pricing=Pricing(),
    parameters=MappingProxyType({}),
    system_prompt="",
    base_model=None,
    weights=None,
)


def test_models_stand_under_their_providers_and_the_picked_one_is_marked() -> None:
    other = replace(MODEL, id="zeta/one", name="Zeta One", provider="zeta")
    value = picker_value([MODEL, other], "zeta/one")

    assert [group["name"] for group in value["groups"]] == ["acme", "zeta"]
    assert [group["options"][0]["selected"] for group in value["groups"]] == [False, True]
    assert picked_model(value) == "zeta/one"


def test_a_model_that_is_gone_stays_picked_and_is_said_to_be_gone() -> None:
    value = picker_value([MODEL], "acme/gone")

    assert value["groups"][0]["name"] == "not available"
    assert picked_model(value) == "acme/gone"


@pytest.mark.parametrize("sent", [None, "acme/fast", [], {"picked": 1}, {"picked": ["x"]}, {}])
def test_nonsense_from_the_browser_picks_nothing(sent: object) -> None:
    assert picked_model(sent) == ""
