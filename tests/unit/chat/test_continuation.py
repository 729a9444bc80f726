"""Which answers broke off, and what all calls for one used."""

from dataclasses import replace

from aiportal.chat.continuation import total_usage
from aiportal.events import UsageReported

FIRST = UsageReported(
    request_id="req_1",
    model="acme/fast",
    deployment="acme/fast",
    prompt_tokens=10,
    completion_tokens=5,
    cost_usd=0.25,
    is_estimated=True,
    ttft_ms=None,
    latency_ms=100.0,
)
SECOND = replace(
    FIRST, request_id="req_2", model="acme/slow", is_estimated=False, ttft_ms=7.0, cost_usd=0.5
)


def test_what_calls_for_one_answer_used_is_added_up() -> None:
    both = replace(
        SECOND,
        prompt_tokens=20,
        completion_tokens=10,
        cost_usd=0.75,
        is_estimated=True,
        latency_ms=200.0,
        calls=2,
    )

    assert total_usage(FIRST, SECOND) == both
    assert total_usage(both, FIRST) == replace(
        FIRST,
        prompt_tokens=30,
        completion_tokens=15,
        cost_usd=1.0,
        ttft_ms=7.0,
        latency_ms=300.0,
        calls=3,
    )


def test_a_call_of_which_nothing_is_known_takes_nothing_away() -> None:
    assert total_usage(FIRST, None) == total_usage(None, FIRST) == FIRST
    assert total_usage(None, None) is None
