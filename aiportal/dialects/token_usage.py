"""Tokens of one call, as the `usage` objects of providers tell them."""

from collections.abc import Iterable
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
        if inside or outside or len(usage) > _PLAIN_FIELDS:
            return known._with_details(usage, _object(inside), _object(outside))
        return known

    def _with_details(
        self, usage: dict[str, Any], inside: dict[str, Any], outside: dict[str, Any]
    ) -> Self:
        completion, reasoning = self.completion_tokens, _count(outside.get("reasoning_tokens"))
        total = self.prompt_tokens + completion + reasoning
        if reasoning and usage.get("total_tokens") == total:
            completion += reasoning  # xAI counts it apart
        return self._replace(
            completion_tokens=completion,
            cached_tokens=_first(inside, _CACHED) or _first(usage, _CACHED),
            reasoning_tokens=reasoning,
            cache_write_tokens=_first(inside, _WRITTEN) or _first(usage, _WRITTEN),
            image_tokens=_count(inside.get("image_tokens")),
            audio_tokens=_count(inside.get("audio_tokens")),
            audio_completion_tokens=_count(outside.get("audio_tokens")),
        )

    @classmethod
    def from_answer(cls, answer: dict[str, Any]) -> Self | None:
        """Read a whole answer's `usage`, or the `meta.tokens` that Cohere has in its place."""
        usage = cls.from_wire(answer.get("usage"))
        meta = answer.get("meta")
        if usage is not None or not isinstance(meta, dict):
            return usage
        return cls.from_wire(meta.get("tokens")) or cls.from_wire(meta.get("billed_units"))

    @classmethod
    def from_anthropic(cls, usage: object) -> Self | None:
        """Read Anthropic's `usage`, where what a cache gives or takes stands beside `input_tokens`.

        None if it is none. An answer that took several passes lists them as `iterations`: their
        sum is what was used.
        """
        if not isinstance(usage, dict) or not usage.keys() & {"input_tokens", "output_tokens"}:
            return None
        passes = usage.get("iterations")
        each = [one for one in passes if isinstance(one, dict)] if isinstance(passes, list) else []
        each = each or [usage]
        given, made, cached, written = (_sum(each, name) for name in _ANTHROPICS)
        details = (_object(one.get("output_tokens_details")) for one in each)
        thought = _sum(details, "thinking_tokens")
        return cls(
            min(given + cached + written, _MOST),
            made,
            cached_tokens=cached,
            cache_write_tokens=written,
            reasoning_tokens=min(thought, made),
        )

    def as_wire(self) -> dict[str, int]:
        """OpenAI's `usage` object."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }


_MOST = 2**53 - 1
_ANTHROPICS = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
)
_PLAIN_FIELDS = 3  # the two counts and their total: nothing beside them to look for
# OpenAI's name, in the details or (Moonshot) beside them; DeepSeek's; Anthropic's, where LiteLLM has
# made them part of the prompt.
_CACHED = ("cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens")
# OpenRouter's name, LiteLLM's, Anthropic's.
_WRITTEN = ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens")


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value <= _MOST else 0


def _sum(groups: Iterable[dict[str, Any]], name: str) -> int:
    return min(sum(_count(group.get(name)) for group in groups), _MOST)


def _first(group: dict[str, Any], names: tuple[str, ...]) -> int:
    """The first of these counts that is there and not zero."""
    for name in names:
        if name in group and (count := _count(group[name])):
            return count
    return 0
