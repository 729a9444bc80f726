"""Only OpenAI's sampling fields are taken, within their bounds."""

from typing import Any

import pytest

from aiportal.chat.parameters import (
    conversation_parameters,
    lasting_tools,
    sampling_parameters,
)
from aiportal.dialects.portal_tools import PortalTools
from aiportal.errors import InvalidRequest


def test_only_what_is_given_comes_back_and_zero_is_a_value() -> None:
    given = {"temperature": 0, "top_p": 0.5, "max_tokens": 10, "seed": None, "stop": ["a", "b"]}

    assert sampling_parameters(given) == given


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"temperature": 2.1}, "parameters.temperature"),
        ({"temperature": "hot"}, "parameters.temperature"),
        ({"temperature": float("nan")}, "parameters.temperature"),
        ({"top_p": -0.1}, "parameters.top_p"),
        ({"max_tokens": 0}, "parameters.max_tokens"),
        ({"max_tokens": True}, "parameters.max_tokens"),
        ({"seed": 2**63}, "parameters.seed"),
        ({"stop": []}, "parameters.stop"),
        ({"stop": ""}, "parameters.stop"),
        ({"presence_penalty": -2.5}, "parameters.presence_penalty"),
        ({"messages": []}, "parameters.messages"),
        ({"model": "acme/fast"}, "parameters.model"),
    ],
)
def test_what_is_wrong_is_named(parameters: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        sampling_parameters(parameters)

    assert refusal.value.param == param


def test_a_conversation_keeps_its_tools_and_leaves_out_those_that_are_gone() -> None:
    given = {"top_p": 0.5, "tools": {"enabled": True, "allowedTools": ["calculator"]}}

    assert conversation_parameters(given) == given
    assert lasting_tools(given) == PortalTools(allowed=("calculator",), is_lasting=True)
    assert conversation_parameters({"tools": None}) == {}
    assert lasting_tools({}) is None
    for wrong, param in (([], "parameters.tools"), ({"enabled": 1}, "parameters.tools.enabled")):
        with pytest.raises(InvalidRequest) as refusal:
            conversation_parameters({"tools": wrong})
        assert refusal.value.param == param
