"""What a server answers, as the outcome of a tool."""

import mcp_types

from aiportal.tools.outcome import ToolOutcome
from aiportal.tools.servers.results import outcome_of


def outcome(text: str, **fields: object) -> ToolOutcome:
    content = [{"type": "text", "text": text}]
    result = mcp_types.CallToolResult.model_validate({"content": content, **fields})
    return outcome_of("tool", result, 1.0, lambda text: text)


def test_half_of_a_pair_is_no_text() -> None:
    assert outcome('{"\\ud800": ["\\udfff"]}').result == {"?": ["?"]}
    assert outcome("", structuredContent={"a": "\ud800"}).result == {"a": "?"}
