from datetime import UTC, datetime, timedelta

import pytest

from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import InvalidRequest
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.usage import Entry, Ledger

ANN = Principal(user_id="ann", username="ann", role="user", key_id="key_1")
BOB = Principal(user_id="bob", username="bob", role="user")
ADMIN = Principal(user_id="root", username="admin", role="admin")
AN_HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


async def record(ledger: Ledger, principal: Principal, *, model: str = "acme/fast") -> str:
    entry = Entry(
        request_id=new_id("req"),
        user_id=principal.user_id,
        key_id=principal.key_id,
        endpoint="chat/completions",
        source="api",
    )
    await ledger.record(
        entry,
        TokenUsage(10, 5, 4, 2),
        model=model,
        deployment=model,
        is_estimated=False,
        cost_usd=0.25,
        ttft_ms=1.5,
        latency_ms=20.0,
        status=200,
        error_code=None,
    )
    return entry.request_id


async def test_a_row_reads_back_as_it_was_recorded(ledger: Ledger) -> None:
    request_id = await record(ledger, ANN)
    (row,) = await ledger.rows(ANN)
    assert (row.request_id, row.user_id, row.key_id) == (request_id, "ann", "key_1")
    assert (row.prompt_tokens, row.cached_tokens, row.estimated) == (10, 4, False)


async def test_everybody_sees_their_own_and_an_admin_sees_all(ledger: Ledger) -> None:
    await record(ledger, ANN)
    await record(ledger, BOB)
    assert [row.user_id for row in await ledger.rows(BOB)] == ["bob"]
    assert [row.user_id for row in await ledger.rows(ADMIN)] == ["ann", "bob"]


async def test_pages_follow_each_other_without_gap(ledger: Ledger) -> None:
    ids = [await record(ledger, ANN) for _ in range(5)]
    first = await ledger.rows(ANN, limit=2)
    rest = await ledger.rows(ANN, after=first[-1].request_id)
    assert sorted(ids) == [row.request_id for row in (*first, *rest)]


async def test_totals_add_up_by_model(ledger: Ledger) -> None:
    await record(ledger, ANN)
    await record(ledger, ANN)
    await record(ledger, ANN, model="acme/slow")
    fast, slow = await ledger.totals(ANN, group_by="model")
    assert (fast.value, fast.requests, fast.prompt_tokens, fast.cost_usd) == (
        "acme/fast",
        2,
        20,
        0.5,
    )
    assert slow.requests == 1


@pytest.mark.parametrize("group_by", ["model", "day", "key", "user", "endpoint"])
async def test_every_grouping_works(ledger: Ledger, group_by: str) -> None:
    await record(ledger, ANN)
    (group,) = await ledger.totals(ANN, group_by=group_by)  # type: ignore[arg-type] # from a list
    assert group.requests == 1


async def test_a_grouping_that_does_not_exist_is_refused(ledger: Ledger) -> None:
    with pytest.raises(InvalidRequest, match="group_by"):
        await ledger.totals(ANN, group_by="colour")  # type: ignore[arg-type] # that is the point


async def test_a_span_of_time_is_from_within_to_without(ledger: Ledger) -> None:
    await record(ledger, ANN)
    assert len(await ledger.rows(ANN, since=AN_HOUR_AGO)) == 1
    assert await ledger.rows(ANN, until=AN_HOUR_AGO) == []


async def test_spending_is_the_callers_own(ledger: Ledger) -> None:
    await record(ledger, ANN)
    await record(ledger, BOB)
    assert await ledger.spent_usd(ADMIN, since=AN_HOUR_AGO) == 0
    assert await ledger.spent_usd(ANN, since=AN_HOUR_AGO) == 0.25
