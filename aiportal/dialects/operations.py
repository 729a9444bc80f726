"""What a model can be asked to do: OpenAI's routes, and the one that Cohere's and Jina's dialects share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

__all__ = ["ANSWER_KEYS", "CHAT", "FilePart", "ModelRequest", "Operation"]

Operation = Literal[
    "chat/completions",
    "embeddings",
    "images/generations",
    "images/edits",
    "moderations",
    "rerank",
]
"""Named by its route, below an upstream's base as below ours."""

CHAT: Operation = "chat/completions"

ANSWER_KEYS: Mapping[Operation, str] = {
    CHAT: "choices",
    "embeddings": "data",
    "images/generations": "data",
    "images/edits": "data",
    "moderations": "results",
    "rerank": "results",
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

    def prompt_chars(self) -> int:
        """Characters of all texts that go in, for estimates."""
