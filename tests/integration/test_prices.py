"""Kinds of tokens at prices of their own, from the model's file to the row."""

from pathlib import Path

import pytest

from tests.integration.calls import events, post, stream
from tests.running import AppServer
from tests.upstreams import Upstream, text, write_model_config

USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "total_tokens": 120,
    "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10, "audio_tokens": 5},
    "completion_tokens_details": {"reasoning_tokens": 15},
    "cost": 0.5,
}
COST = (25 * 1 + 60 * 0.1 + 10 * 1.25 + 5 * 8 + 5 * 2 + 15 * 3) / 1_000_000


@pytest.fixture
def portal_config(tmp_path: Path, upstream: Upstream) -> Path:
    """`acme/fast` with a price for each kind of token."""
    pricing = {
        "inputPerMillion": 1,
        "outputPerMillion": 2,
        "cachedInputPerMillion": 0.1,
        "cacheWritePerMillion": 1.25,
        "reasoningPerMillion": 3,
        "audioInputPerMillion": 8,
    }
    return write_model_config(tmp_path / "model_config", upstream.url, model={"pricing": pricing})


async def test_an_unstreamed_answer(app_server: AppServer, upstream: Upstream) -> None:
    upstream.answer("fast", text(usage=USAGE))

    answer = await post(app_server)

    assert float(answer.headers["x-aiportal-cost"]) == pytest.approx(COST)
    assert answer.json()["usage"] == USAGE
    assert [row.cost_usd for row in await app_server.rows()] == pytest.approx([COST])


async def test_a_stream(app_server: AppServer, upstream: Upstream) -> None:
    upstream.answer("fast", text(usage=USAGE))

    chunks = events(await stream(app_server, stream_options={"include_usage": True}))
    (row,) = await app_server.rows()

    assert chunks[-2]["usage"] == USAGE
    assert row.cost_usd == pytest.approx(COST)
    assert (row.cached_tokens, row.reasoning_tokens) == (60, 15)
