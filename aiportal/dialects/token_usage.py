"""Tokens of one call, as OpenAI's `usage` objects tell them."""

from typing import Any, NamedTuple, Self

__all__ = ["TokenUsage"]


class TokenUsage(NamedTuple):
    """cached_tokens, cache_write_tokens, image_tokens and audio_tokens are part of prompt_tokens;
    reasoning_tokens and audio_completion_tokens of completion_tokens."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_tokens: int = 0
    image_tokens: int = 0
    audio_tokens: int = 0
    audio_completion_tokens: int = 0

    @classmethod
    def from_wire(cls, usage: object) -> Self | None:
        """Read a `usage` object of Chat Completions, or of the routes that say `input_tokens`.

        None if there is none or it is not one. A route that tells only `total_tokens` (rerank) has
        nothing but a prompt.
        """
        if not isinstance(usage, dict):
            return None
        if "prompt_tokens" in usage:
            given, made = "prompt_tokens", "completion_tokens"
        elif "input_tokens" in usage:
            given, made = "input_tokens", "output_tokens"
        elif "total_tokens" in usage:
            return cls(_count(usage["total_tokens"]))
        else:
            return None
        known = cls(_count(usage[given]), _count(usage.get(made)))
        inside, outside = usage.get(f"{given}_details"), usage.get(f"{made}_details")
        if inside or outside or "cache_creation_input_tokens" in usage:
            return known._with_details(usage, _object(inside), _object(outside))
        return known

    def _with_details(
        self, usage: dict[str, Any], inside: dict[str, Any], outside: dict[str, Any]
    ) -> Self:
        written = inside.get("cache_creation_tokens") or usage.get("cache_creation_input_tokens")
        return self._replace(
            cached_tokens=_count(inside.get("cached_tokens")),
            reasoning_tokens=_count(outside.get("reasoning_tokens")),
            cache_write_tokens=_count(written),
            image_tokens=_count(inside.get("image_tokens")),
            audio_tokens=_count(inside.get("audio_tokens")),
            audio_completion_tokens=_count(outside.get("audio_tokens")),
        )

    def as_wire(self) -> dict[str, int]:
        """OpenAI's `usage` object."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 2**53 else 0
