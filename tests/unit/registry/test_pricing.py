"""What a call costs, each kind of token at its price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiportal.dialects.token_usage import TokenUsage
from aiportal.registry import Pricing

PRICES = Pricing(
    input_per_million=1,
    output_per_million=10,
    cached_input_per_million=0.1,
    cache_write_per_million=1.25,
    reasoning_per_million=20,
    image_input_per_million=3,
    audio_input_per_million=5,
    audio_output_per_million=40,
)
PRICE = st.just(0.0) | st.floats(1e-9, 1e6)  # smaller ones underflow, and nobody charges them
OWN = st.none() | PRICE
PRICINGS = st.builds(Pricing, PRICE, PRICE, OWN, OWN, OWN, OWN, OWN, OWN)
COUNT = st.integers(0, 2**40)
USAGES = st.builds(TokenUsage, COUNT, COUNT, COUNT, COUNT, COUNT, COUNT, COUNT, COUNT)


def micros(usage: TokenUsage, pricing: Pricing = PRICES) -> float:
    return pricing.cost_usd(usage) * 1_000_000


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (TokenUsage(), 0),
        (TokenUsage(100, 10), 100 + 100),
        (TokenUsage(100, cached_tokens=60), 40 + 6),
        (TokenUsage(100, cached_tokens=60, cache_write_tokens=20), 20 + 6 + 25),
        (TokenUsage(100, image_tokens=40), 60 + 120),
        (TokenUsage(100, audio_tokens=40), 60 + 200),
        (TokenUsage(0, 100, reasoning_tokens=30), 700 + 600),
        (TokenUsage(0, 100, audio_completion_tokens=30), 700 + 1_200),
        # Where kinds overlap, no token is paid twice: 20 of the images were cached.
        (TokenUsage(100, cached_tokens=80, image_tokens=40), 8 + 60),
        # More of a kind than of all.
        (TokenUsage(10, cached_tokens=500), 1),
        (TokenUsage(0, 10, reasoning_tokens=500), 200),
    ],
)
def test_each_token_is_paid_once_at_its_price(usage: TokenUsage, cost: float) -> None:
    assert micros(usage) == pytest.approx(cost)


def test_a_kind_without_a_price_costs_what_others_do() -> None:
    usage = TokenUsage(
        100, 100, 10, 10, 10, image_tokens=10, audio_tokens=10, audio_completion_tokens=10
    )

    assert micros(usage, Pricing(1, 10)) == pytest.approx(1_100)


def test_cached_tokens_without_a_price_leave_other_kinds_theirs() -> None:
    usage = TokenUsage(100, cached_tokens=100, audio_tokens=100)

    assert micros(usage, Pricing(1, audio_input_per_million=5)) == pytest.approx(500)


def test_a_price_of_zero_is_a_price() -> None:
    usage = TokenUsage(100, cached_tokens=100)

    assert micros(usage, Pricing(1, cached_input_per_million=0)) == 0


@given(PRICINGS, USAGES)
def test_a_cost_lies_between_the_least_and_the_greatest_price(
    pricing: Pricing, usage: TokenUsage
) -> None:
    given_in = (
        pricing.cached_input_per_million,
        pricing.cache_write_per_million,
        pricing.image_input_per_million,
        pricing.audio_input_per_million,
    )
    made = (pricing.reasoning_per_million, pricing.audio_output_per_million)
    inside = [pricing.input_per_million, *(one for one in given_in if one is not None)]
    outside = [pricing.output_per_million, *(one for one in made if one is not None)]
    least = usage.prompt_tokens * min(inside) + usage.completion_tokens * min(outside)
    most = usage.prompt_tokens * max(inside) + usage.completion_tokens * max(outside)

    cost = micros(usage, pricing)

    assert cost >= 0
    assert least * (1 - 1e-9) <= cost <= most * (1 + 1e-9)


@given(PRICINGS, USAGES, st.integers(-(2**40), -1))
def test_a_cost_is_never_negative(pricing: Pricing, usage: TokenUsage, negative: int) -> None:
    odd = TokenUsage(usage.prompt_tokens, negative, negative, usage.reasoning_tokens, negative)

    assert pricing.cost_usd(odd) >= 0
