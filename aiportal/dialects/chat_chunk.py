"""One event of a Chat Completions stream, decoded."""

from typing import Any

import orjson

from aiportal.errors import UpstreamError

__all__ = ["chunk_of"]


def chunk_of(data: bytes) -> dict[str, Any]:
    """The chunk that an event's data holds, empty where that is another kind of JSON.

    Raises UpstreamError for what is no JSON.
    """
    try:
        chunk = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UpstreamError(
            "The provider of this model sent an event that is not JSON.",
            code="upstream_protocol_error",
        ) from error
    return chunk if isinstance(chunk, dict) else {}
