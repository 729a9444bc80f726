"""One request as the fake provider got it."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.upstreams.gate import Gate

__all__ = ["Received"]


@dataclass(frozen=True, eq=False)
class Received:
    """headers: names in lower case. closed: opens when the client of this request goes away,
    be it in the middle of the answer or long after it (a pool keeps connections).
    answered: opens when the answer's last byte was handed to the socket."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    closed: Gate = field(default_factory=Gate)
    answered: Gate = field(default_factory=Gate)

    @property
    def json(self) -> dict[str, Any]:
        """The body as an object; empty where it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def model(self) -> str:
        return str(self.json.get("model", ""))

    @property
    def is_stream(self) -> bool:
        return self.json.get("stream") is True

    @property
    def wants_usage(self) -> bool:
        """True for an unstreamed call and for a stream that asks for it."""
        options = self.json.get("stream_options") or {}
        return not self.is_stream or options.get("include_usage") is True
