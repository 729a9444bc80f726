"""One response while it comes into being, streamed or whole, by the same steps."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aiportal.dialects import tool_json
from aiportal.dialects.chat_chunk import chunk_of
from aiportal.dialects.responses.body import ResponsesBody
from aiportal.dialects.responses.output import Output
from aiportal.dialects.responses.output_text import Event
from aiportal.dialects.responses.resource import (
    ResponseHead,
    Status,
    response_error,
    response_usage,
)
from aiportal.dialects.sse import data_of, split_events
from aiportal.errors import PortalError, UpstreamError
from aiportal.ids import new_id

__all__ = ["Answer", "item_id"]

_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}


def item_id(response_id: str, prefix: str, place: int) -> str:
    """The id of an item: it says which response it is of. place: in its input and output."""
    return f"{prefix}_{response_id.removeprefix('resp_')}{place:04x}"


class Answer:
    """Fed with what a model answers to Chat Completions.

    inputs: how many items of input the response has of its own; ids of its output go on from there.
    id, status: of the response. has_begun: a first event was given out.
    """

    def __init__(self, body: ResponsesBody, response_id: str | None = None, *, inputs: int) -> None:
        self.id = id_ = response_id or new_id("resp")
        self.status: Status = "in_progress"
        self.has_begun = False
        self._head = ResponseHead(self.id, body)
        # Not `self.id`: a cycle.
        self._output = Output(lambda prefix, place: item_id(id_, prefix, inputs + place))
        self._finish: str | None = None
        self._usage: dict[str, Any] | None = None
        self._service_tier: str | None = None
        self._error: dict[str, str] | None = None
        self._is_whole = False
        self._sequence_number = 0
        self._completed_at: int | None = None
        self._tool_events: list[dict[str, Any]] = []

    def resource(self) -> dict[str, Any]:
        """The Response object as it is now."""
        resource = self._head.resource(
            self.status,
            self._output.resources(),
            completed_at=self._completed_at,
            usage=self._usage,
            reason=_REASONS.get(self._finish or "") if self.status == "incomplete" else None,
            error=self._error,
            service_tier=self._service_tier,
        )
        return resource | {"tool_events": self._tool_events} if self._tool_events else resource

    def feed(self, block: bytes) -> bytes:
        """The events for a block of whole Chat Completions events. Raises UpstreamError.

        What ends the response is kept back: see `finish`.
        """
        events: list[Event] = []
        if not self.has_begun:
            self.has_begun = True
            events += [self._about("response.created"), self._about("response.in_progress")]
        for event in split_events(block):
            data = data_of(event)
            if data == b"[DONE]":
                self._is_whole = True
            elif data is not None:
                events += self._chunk(chunk_of(data))
        return self._encoded(events)

    def read(self, body: bytes) -> None:
        """Take in a whole answer. Raises UpstreamError."""
        self._is_whole = True
        whole = chunk_of(body)
        self._tool_events = list(whole.get("tool_events") or ())
        choice = _first_choice(whole)
        message = choice.get("message")
        if isinstance(message, dict) and isinstance(message.get("tool_calls"), list):
            calls = enumerate(message["tool_calls"])
            numbered = [{**call, "index": n} for n, call in calls if isinstance(call, dict)]
            message = {**message, "tool_calls": numbered}
        for _ in self._chunk(whole | {"choices": [{**choice, "delta": message}]}):
            pass

    def finish(self) -> bytes:
        """The last events. Raises UpstreamError where the end has not come."""
        if not self._is_whole:
            raise UpstreamError(
                "The provider of this model ended its answer without a finish. Try again.",
                code="upstream_broke_off",
            )
        self.status = "incomplete" if self._finish in _REASONS else "completed"
        if self.status == "completed":
            self._completed_at = int(time.time())
        events = list(self._output.close(self.status))
        return self._encoded([*events, self._about(f"response.{self.status}")])

    def cancel(self) -> None:
        """It was broken off by its owner."""
        self._break_off("cancelled")

    def fail(self, error: PortalError) -> None:
        """It will not be finished."""
        self._break_off("failed")
        self._error = response_error(error)

    def error_events(self, error: PortalError) -> bytes:
        """How a stream of this dialect says that it has failed: for readers of Responses, for those
        of any OpenAI stream, and for OpenAI's own client, which raises on `error`."""
        told = error.as_openai()["error"]
        events = [self._about("response.failed")] if self.status == "failed" else []
        words = {name: told[name] for name in ("code", "message", "param")}
        return self._encoded([*events, {"type": "error", **words, "error": told}])

    def _break_off(self, status: Status) -> None:
        for _ in self._output.close("incomplete"):
            pass
        self.status = status

    def _chunk(self, chunk: Mapping[str, Any]) -> Iterator[Event]:
        if chunk.get("type") in ("tool_call", "tool_result"):  # of the portal's own tools
            self._tool_events.append(dict(chunk))
            yield dict(chunk)
            return
        self._usage = response_usage(chunk.get("usage")) or self._usage
        if isinstance(tier := chunk.get("service_tier"), str):
            self._service_tier = tier
        choice = _first_choice(chunk)
        if isinstance(finish := choice.get("finish_reason"), str):
            self._finish = finish
        if isinstance(delta := choice.get("delta"), dict):
            yield from self._output.feed(delta, choice.get("logprobs"))

    def _about(self, kind: str) -> Event:
        return {"type": kind, "response": self.resource()}

    def _encoded(self, events: Iterable[Event]) -> bytes:
        encoded = []
        for event in events:
            numbered = {**event, "sequence_number": self._sequence_number}
            self._sequence_number += 1
            name = event["type"].encode()
            encoded.append(b"event: " + name + b"\ndata: " + tool_json.dumps(numbered) + b"\n\n")
        return b"".join(encoded)


def _first_choice(chunk: Mapping[str, Any]) -> dict[str, Any]:
    choices = chunk.get("choices")
    found = choices[0] if isinstance(choices, list) and choices else None
    return found if isinstance(found, dict) else {}
