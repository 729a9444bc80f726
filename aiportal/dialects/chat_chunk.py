"""One event of a Chat Completions stream, decoded."""

from typing import Any, Final

import orjson

from aiportal.dialects import tool_json
from aiportal.errors import UpstreamError

__all__ = ["chunk_of"]

_TOOL_EVENT: Final = b'{"type":"tool_'
_TOOL_EVENTS: Final = b'"tool_events":'  # of a whole answer


def chunk_of(data: bytes) -> dict[str, Any]:
    """The chunk that an event's data holds, empty where that is another kind of JSON.

    Of what the portal's own tools gave no digit is lost.

    Raises UpstreamError for what is no JSON.
    """
    try:
        is_of_tools = data.startswith(_TOOL_EVENT) or _TOOL_EVENTS in data
        chunk = tool_json.loads(data) if is_of_tools else orjson.loads(data)
    except ValueError as error:
        raise UpstreamError(
            "The provider of this model sent an event that is not JSON.",
            code="upstream_protocol_error",
        ) from error
    return chunk if isinstance(chunk, dict) else {}
