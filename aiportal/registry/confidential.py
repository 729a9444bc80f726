"""What of a deployment may stand in no error and no log: its key, what its headers carry, its address."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["NOTHING_CONFIDENTIAL", "Confidential"]

SHORTEST = 8  # characters of a header's value that may be a key; a shorter one stands in any text
_KEY, _ADDRESS = "[key]", "[address]"


@dataclass(frozen=True, slots=True)
class Confidential:
    """words: what is struck out, the longest first, each with what stands in its place."""

    words: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls, api_key: str | None, headers: Mapping[str, str], api_base: str | None
    ) -> "Confidential":
        """All that a deployment has of it. A scheme such as `Bearer` before a key is left."""
        keys = {value.rpartition(" ")[2] for value in headers.values()} | set(headers.values())
        words = {value: _KEY for value in keys if len(value) >= SHORTEST}
        if api_base:
            words |= {api_base.rstrip("/"): _ADDRESS, urlsplit(api_base).netloc: _ADDRESS}
        if api_key:
            words[api_key] = _KEY
        words.pop("", None)
        return cls(tuple(sorted(words.items(), key=lambda pair: -len(pair[0]))))

    def strike(self, text: str) -> str:
        """The text without any of the words."""
        for word, stand_in in self.words:
            text = text.replace(word, stand_in)
        return text

    def strike_bytes(self, data: bytes) -> bytes:
        """The same of data, as UTF-8 has the words."""
        for word, stand_in in self.words:
            data = data.replace(word.encode(), stand_in.encode())
        return data


NOTHING_CONFIDENTIAL = Confidential()
