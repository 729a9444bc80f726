"""What `usage` objects of many providers amount to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiportal.dialects.token_usage import TokenUsage

WIRES: dict[str, tuple[dict[str, Any], TokenUsage]] = {
    "OpenAI": (
        {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "total_tokens": 150,
            "prompt_tokens_details": {"cached_tokens": 60, "audio_tokens": 10},
            "completion_tokens_details": {
                "reasoning_tokens": 20,
                "audio_tokens": 5,
                "accepted_prediction_tokens": 0,
            },
        },
        TokenUsage(
            100,
            50,
            cached_tokens=60,
            reasoning_tokens=20,
            audio_tokens=10,
            audio_completion_tokens=5,
        ),
    ),
    "llama.cpp": (
        {
            "completion_tokens": 4,
            "prompt_tokens": 9,
            "total_tokens": 13,
            "prompt_tokens_details": {"cached_tokens": 8},
        },
        TokenUsage(9, 4, cached_tokens=8),
    ),
    "vLLM": (
        {
            "prompt_tokens": 9,
            "total_tokens": 13,
            "completion_tokens": 4,
            "prompt_tokens_details": None,
        },
        TokenUsage(9, 4),
    ),
    "OpenRouter": (
        {
            "prompt_tokens": 194,
            "completion_tokens": 2,
            "total_tokens": 196,
            "cost": 0.95,
            "prompt_tokens_details": {
                "cached_tokens": 10,
                "cache_write_tokens": 100,
                "audio_tokens": 0,
            },
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        TokenUsage(194, 2, cached_tokens=10, cache_write_tokens=100),
    ),
    "DeepSeek": (
        {
            "prompt_tokens": 30,
            "completion_tokens": 5,
            "total_tokens": 35,
            "prompt_cache_hit_tokens": 20,
            "prompt_cache_miss_tokens": 10,
        },
        TokenUsage(30, 5, cached_tokens=20),
    ),
    "Moonshot": (
        {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35, "cached_tokens": 12},
        TokenUsage(30, 5, cached_tokens=12),
    ),
    "xAI, reasoning apart": (
        {
            "prompt_tokens": 32,
            "completion_tokens": 9,
            "total_tokens": 341,
            "completion_tokens_details": {"reasoning_tokens": 300},
        },
        TokenUsage(32, 309, reasoning_tokens=300),
    ),
    "Anthropic through LiteLLM": (
        {
            "prompt_tokens": 1_111,
            "completion_tokens": 5,
            "total_tokens": 1_116,
            "prompt_tokens_details": {
                "cached_tokens": 1_000,
                "cache_creation_tokens": 100,
                "text_tokens": 11,
            },
            "cache_creation_input_tokens": 100,
            "cache_read_input_tokens": 1_000,
        },
        TokenUsage(1_111, 5, cached_tokens=1_000, cache_write_tokens=100),
    ),
    "gpt-image": (
        {
            "input_tokens": 50,
            "output_tokens": 272,
            "total_tokens": 322,
            "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
        },
        TokenUsage(50, 272, image_tokens=40),
    ),
    "embeddings": ({"prompt_tokens": 7, "total_tokens": 7}, TokenUsage(7)),
    "Jina's ranking": ({"total_tokens": 815}, TokenUsage(815)),
}
ANTHROPICS: dict[str, tuple[object, TokenUsage | None]] = {
    "plain": ({"input_tokens": 11, "output_tokens": 3}, TokenUsage(11, 3)),
    "a cache read and written": (
        {
            "input_tokens": 11,
            "output_tokens": 3,
            "cache_read_input_tokens": 1_000,
            "cache_creation_input_tokens": 100,
            "cache_creation": {"ephemeral_5m_input_tokens": 100},
        },
        TokenUsage(1_111, 3, cached_tokens=1_000, cache_write_tokens=100),
    ),
    "null": (
        {"input_tokens": 11, "output_tokens": 3, "cache_read_input_tokens": None},
        TokenUsage(11, 3),
    ),
    "thinking": (
        {
            "input_tokens": 11,
            "output_tokens": 30,
            "output_tokens_details": {"thinking_tokens": 20},
        },
        TokenUsage(11, 30, reasoning_tokens=20),
    ),
    "several passes": (
        {
            "input_tokens": 1,
            "output_tokens": 1,
            "iterations": [
                {"input_tokens": 10, "output_tokens": 3, "cache_read_input_tokens": 5},
                {"input_tokens": 20, "output_tokens": 4, "cache_creation_input_tokens": 6},
            ],
        },
        TokenUsage(41, 7, cached_tokens=5, cache_write_tokens=6),
    ),
    "too much": ({"input_tokens": 2**60, "output_tokens": -1}, TokenUsage()),
    "nothing": ({}, None),
    "a list": ([], None),
}
COUNTS = st.integers(0, 2**60) | st.none() | st.floats(allow_nan=False) | st.text(max_size=3)
DETAILS = st.dictionaries(
    st.sampled_from(["cached_tokens", "reasoning_tokens", "audio_tokens", "image_tokens"]), COUNTS
)


@pytest.mark.parametrize(("usage", "expected"), ANTHROPICS.values(), ids=ANTHROPICS)
def test_anthropics_counts_are_added_up(usage: object, expected: TokenUsage | None) -> None:
    assert TokenUsage.from_anthropic(usage) == expected


@pytest.mark.parametrize("provider", WIRES)
def test_a_providers_usage(provider: str) -> None:
    wire, usage = WIRES[provider]

    assert TokenUsage.from_wire(wire) == usage


@pytest.mark.parametrize("wire", [None, [], "9", 9, {}, {"completion_tokens": 4}])
def test_what_is_no_usage(wire: Any) -> None:
    assert TokenUsage.from_wire(wire) is None


@pytest.mark.parametrize("count", [-1, 1.5, "9", None, 2**53, [9]])
def test_what_is_no_count_is_none_at_all(count: Any) -> None:
    assert TokenUsage.from_wire({"prompt_tokens": count}) == TokenUsage()


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "prompt_tokens": COUNTS,
            "completion_tokens": COUNTS,
            "total_tokens": COUNTS,
            "cached_tokens": COUNTS,
            "prompt_tokens_details": DETAILS | COUNTS,
            "completion_tokens_details": DETAILS | COUNTS,
        },
    )
)
def test_whatever_a_provider_sends_can_be_read(wire: dict[str, Any]) -> None:
    usage = TokenUsage.from_wire(wire)

    assert usage is None or min(usage.prompt_tokens, usage.cached_tokens) >= 0
