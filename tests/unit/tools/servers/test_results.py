"""What a server answers, as the outcome of a tool."""

from typing import Any

import mcp_types
import pytest

from aiportal.registry import Confidential
from aiportal.tools.servers.results import outcome_of

CONFIDENTIAL = Confidential.of(None, {"ACCOUNT_ID": "12345678", "KEY": 'a-"key"-of'}, None)


@pytest.mark.parametrize(
    ("answered", "given"),
    [
        ({"account": 12345678, "n": 1.5}, {"account": "[key]", "n": 1.5}),
        ({"a": ["id 12345678", {"12345678": None}]}, {"a": ["id [key]", {"[key]": None}]}),
        ({"said": 'a-"key"-of it'}, {"said": "[key] it"}),
    ],
)
def test_a_secret_is_struck_out_of_texts_and_the_result_stays_json(
    answered: dict[str, Any], given: dict[str, Any]
) -> None:
    result = mcp_types.CallToolResult(content=[], structured_content=answered)
    assert outcome_of("t", result, 1.0, CONFIDENTIAL.strike).result == given


def test_a_text_that_is_json_is_struck_as_its_value() -> None:
    block = mcp_types.TextContent(text='{"said": "a-\\"key\\"-of", "n": 12345678}')
    result = mcp_types.CallToolResult(content=[block])
    outcome = outcome_of("t", result, 1.0, CONFIDENTIAL.strike)
    assert outcome.result == {"said": "[key]", "n": "[key]"}


def test_half_of_a_pair_is_no_text() -> None:
    block = mcp_types.TextContent(text='{"\\ud800": ["\\udfff"]}')
    for result in (
        mcp_types.CallToolResult(content=[block]),
        mcp_types.CallToolResult(content=[], structured_content={"\ud800": ["\udfff"]}),
    ):
        assert outcome_of("t", result, 1.0, lambda text: text).result == {"?": ["?"]}
