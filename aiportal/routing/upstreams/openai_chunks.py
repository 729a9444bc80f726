"""LiteLLM's chunks as OpenAI's events, without its wrapper, which costs more than all the rest."""

import time
from typing import Any

from aiportal.dialects.sse import DONE, encode

__all__ = ["ChunkWriter"]

_HEAD = {"id", "object", "created", "model", "choices", "usage", "system_fingerprint"}


class ChunkWriter:
    """One stream's: `write` for each chunk, `end` after the last.

    model: the name in chunks of which the provider names none.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._id = ""
        self._created = int(time.time())
        self._begun: set[int] = set()  # choices whose role is told
        self._finishes: dict[int, str] = {}
        self._usage: dict[str, Any] | None = None

    @property
    def is_finished(self) -> bool:
        """The provider has told why it ends; what can still come is usage."""
        return bool(self._finishes)

    def write(self, chunk: Any) -> bytes:
        """OpenAI's event for a chunk, empty where it has nothing to tell yet."""
        if chunk is None:
            return b""
        self._id = self._id or chunk.id or ""
        self._model = chunk.model or self._model
        usage = getattr(chunk, "usage", None)
        if usage is not None:
            self._usage = usage.model_dump(exclude_none=True)
        choices = [told for each in chunk.choices if (told := self._choice(each)) is not None]
        others = {
            name: value
            for name, value in (chunk.model_extra or {}).items()
            if value and name not in _HEAD
        }
        if not choices and not others:
            return b""
        return encode({**self._event(choices), **others})

    def end(self) -> bytes:
        """The finish of each choice, the usage, `[DONE]`; empty where the provider told no finish."""
        if not self.is_finished:
            return b""
        choices = [
            {"index": index, "delta": self._with_role({}, index), "finish_reason": finish}
            for index, finish in sorted(self._finishes.items())
        ]
        end = encode(self._event(choices))
        if self._usage is not None:
            end += encode({**self._event([]), "usage": self._usage})
        return end + DONE

    def _choice(self, choice: Any) -> dict[str, Any] | None:
        """What a choice adds; its finish is kept for the end."""
        index = choice.index
        if choice.finish_reason:
            self._finishes[index] = choice.finish_reason
        delta = choice.delta.model_dump(exclude_none=True)
        delta.pop("role", None)
        if not delta.get("content"):
            delta.pop("content", None)
        if not delta:
            return None
        told = {"index": index, "delta": self._with_role(delta, index), "finish_reason": None}
        logprobs = getattr(choice, "logprobs", None)
        if logprobs is not None:
            told["logprobs"] = (
                logprobs if isinstance(logprobs, dict) else logprobs.model_dump(exclude_none=True)
            )
        return told

    def _with_role(self, delta: dict[str, Any], index: int) -> dict[str, Any]:
        if index in self._begun:
            return delta
        self._begun.add(index)
        return {"role": "assistant", **delta}

    def _event(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._model,
            "choices": choices,
        }
