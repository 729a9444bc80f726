"""One request as the fake provider got it."""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

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
    def query(self) -> dict[str, str]:
        """What stands behind the path's `?`, of each name the last value."""
        return dict(parse_qsl(self.path.partition("?")[2], keep_blank_values=True))

    @property
    def form(self) -> list[tuple[str, bytes]]:
        """The parts of a multipart form, names and contents in their order; empty where it is none."""
        kind, _, boundary = self.headers.get("content-type", "").partition("; boundary=")
        if kind != "multipart/form-data":
            return []
        parts = self.body.split(b"--" + boundary.strip('"').encode())[1:-1]
        cut = (part.partition(b"\r\n\r\n") for part in parts)
        return [(_part_name(head), content.removesuffix(b"\r\n")) for head, _, content in cut]

    @property
    def model(self) -> str:
        in_form = dict(self.form).get("model", b"").decode()
        return in_form or str(self.json.get("model", ""))

    @property
    def is_stream(self) -> bool:
        return self.json.get("stream") is True

    @property
    def wants_usage(self) -> bool:
        """True for an unstreamed call and for a stream that asks for it."""
        options = self.json.get("stream_options") or {}
        return not self.is_stream or options.get("include_usage") is True


def _part_name(head: bytes) -> str:
    found = re.search(rb' name="([^"]*)"', head)
    return found[1].decode() if found is not None else ""
