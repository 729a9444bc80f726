"""aiportal.accounts.attempts"""

import asyncio

import pytest

from aiportal.accounts import attempts as module
from aiportal.accounts.attempts import Attempts
from aiportal.errors import RateLimited
from tests.unit.accounts.conftest import Clock


async def wrong() -> bool:
    return False


async def right() -> bool:
    await asyncio.sleep(0)  # as a real check does, it lets others run
    return True


async def fail(attempts: Attempts, *subjects: str, times: int = 1) -> int:
    for _ in range(times):
        outcome = await attempts.guard(subjects, wrong)
    return outcome.tries_left


async def test_each_failure_leaves_one_try_less(clock: Clock) -> None:
    attempts = Attempts(clock)
    assert [await fail(attempts, "ann") for _ in range(5)] == [4, 3, 2, 1, 0]


async def test_after_five_failures_the_right_password_is_refused_too(clock: Clock) -> None:
    attempts = Attempts(clock)
    await fail(attempts, "ann", times=5)
    with pytest.raises(RateLimited, match="15 minutes") as refusal:
        await attempts.guard(("ann",), right)
    assert refusal.value.retry_after_s == 900


async def test_the_pause_ends_fifteen_minutes_after_the_first_of_the_five(clock: Clock) -> None:
    attempts = Attempts(clock)
    await fail(attempts, "ann")
    clock.now_s += 100
    await fail(attempts, "ann", times=4)
    clock.now_s += 799
    with pytest.raises(RateLimited, match="1 minute"):
        await attempts.guard(("ann",), right)
    clock.now_s += 1
    assert (await attempts.guard(("ann",), right)).is_right


async def test_a_failure_counts_for_the_account_and_for_the_address(clock: Clock) -> None:
    attempts = Attempts(clock)
    for account in ("ann", "bob", "cem", "dan", "eva"):
        await fail(attempts, account, "address")
    with pytest.raises(RateLimited):
        await attempts.guard(("fay", "address"), right)
    assert await fail(attempts, "ann", "elsewhere") == 3


async def test_forgiveness_is_for_one_subject(clock: Clock) -> None:
    attempts = Attempts(clock)
    await fail(attempts, "ann", "address", times=4)
    attempts.forgive("ann")
    assert await fail(attempts, "ann") == 4
    assert await fail(attempts, "address") == 0


async def test_guesses_side_by_side_are_counted_one_by_one(clock: Clock) -> None:
    attempts = Attempts(clock)
    checked: list[bool] = []

    async def slow_and_wrong() -> bool:
        await asyncio.sleep(0)
        checked.append(False)
        return False

    guesses = (attempts.guard(("ann",), slow_and_wrong) for _ in range(30))
    results = await asyncio.gather(*guesses, return_exceptions=True)
    assert len(checked) == 5
    assert sum(isinstance(result, RateLimited) for result in results) == 25


async def test_a_check_that_breaks_counts_for_nothing(clock: Clock) -> None:
    attempts = Attempts(clock)

    async def broken() -> bool:
        raise LookupError

    for _ in range(9):
        with pytest.raises(LookupError):
            await attempts.guard(("ann",), broken)
    assert await fail(attempts, "ann") == 4


async def test_what_waits_and_what_is_remembered_has_a_bound(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SUBJECTS", 3)
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    attempts = Attempts(clock)
    for subject in "abcde":
        await fail(attempts, subject)
    assert list(attempts._failures) == ["c", "d", "e"]
    results = await asyncio.gather(
        *(attempts.guard((subject,), right) for subject in "vwxyz"), return_exceptions=True
    )
    assert sum(isinstance(result, RateLimited) for result in results) == 3
