"""A stream of Chat Completions as typed events."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from aiportal.dialects.chat_chunk import chunk_of
from aiportal.dialects.sse import data_of, split_events
from aiportal.errors import UpstreamError
from aiportal.events import ReasoningDelta, TextDelta

__all__ = ["deltas_in", "deltas_of"]


def deltas_in(block: bytes) -> Iterator[TextDelta | ReasoningDelta]:
    """Those of a block of whole events, neighbours of a kind as one.

    Raises UpstreamError for an event that is not JSON, after all that came before it.
    """
    found: list[TextDelta | ReasoningDelta] = []
    failure = None
    for event in split_events(block):
        try:
            data = data_of(event)
            found += deltas_of(chunk_of(data)) if data is not None else ()
        except UpstreamError as error:
            failure = error
            break
    for kind, run in groupby(found, type):
        yield kind("".join(one.text for one in run))
    if failure is not None:
        raise failure


def deltas_of(chunk: Mapping[str, Any]) -> list[TextDelta | ReasoningDelta]:
    """What a chunk of Chat Completions says in its first choice."""
    choices = chunk.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return []
    delta = choices[0].get("delta")
    if not isinstance(delta, dict):
        return []
    found: list[TextDelta | ReasoningDelta] = []
    if isinstance(reasoning := delta.get("reasoning_content") or delta.get("reasoning"), str):
        found.append(ReasoningDelta(reasoning))
    if isinstance(text := delta.get("content"), str) and text:
        found.append(TextDelta(text))
    return found
