"""What a model can be asked to do: OpenAI's routes, the one that Cohere's and Jina's dialects share, and
Anthropic's for providers that speak its dialect themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, Protocol

__all__ = [
    "ANSWER_KEYS",
    "ANTHROPICS_OWN",
    "CHAT",
    "COUNT_TOKENS",
    "MESSAGES",
    "NO_HEADERS",
    "FilePart",
    "ModelRequest",
    "Operation",
]

Operation = Literal[
    "chat/completions",
    "embeddings",
    "images/generations",
    "images/edits",
    "moderations",
    "rerank",
    "messages",
    "messages/count_tokens",
]
"""Named by its route, below an upstream's base as below ours."""

CHAT: Operation = "chat/completions"
MESSAGES: Operation = "messages"
COUNT_TOKENS: Operation = "messages/count_tokens"

ANTHROPICS_OWN = frozenset({MESSAGES, COUNT_TOKENS})
"""What only providers of Anthropic's dialect are asked, in that dialect."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})

ANSWER_KEYS: Mapping[Operation, str] = {
    CHAT: "choices",
    "embeddings": "data",
    "images/generations": "data",
    "images/edits": "data",
    "moderations": "results",
    "rerank": "results",
    MESSAGES: "content",
}
"""The list without which a JSON object is no answer of that operation."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file of a multipart form."""

    name: str
    filename: str
    content_type: str
    content: bytes


class ModelRequest(Protocol):
    """A validated request of any operation. `body` is the caller's JSON object and is never changed."""

    @property
    def operation(self) -> Operation: ...

    @property
    def model(self) -> str: ...

    @property
    def is_stream(self) -> bool: ...

    @property
    def wants_usage(self) -> bool: ...

    @property
    def body(self) -> Mapping[str, Any]: ...

    @property
    def files(self) -> tuple[FilePart, ...]:
        """With files the request is a multipart form, `body` its other fields."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What of the caller's headers is meant for the provider, checked; names in lower case."""

    def prompt_chars(self) -> int:
        """Characters of all texts that go in, for estimates."""
