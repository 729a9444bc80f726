import asyncio
import threading

import pytest

from aiportal.errors import ServiceUnavailable
from aiportal.rendering import MAX_WAITING, in_turn


async def test_documents_are_made_one_at_a_time_and_few_wait() -> None:
    may_go_on, at_work = threading.Event(), []

    def make(number: int) -> int:
        may_go_on.wait(30)
        at_work.append(number)
        return number

    waiting = [asyncio.create_task(in_turn(make, number)) for number in range(MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(ServiceUnavailable):
        await in_turn(make, 100)
    may_go_on.set()
    assert await asyncio.gather(*waiting) == list(range(MAX_WAITING))
    assert at_work == list(range(MAX_WAITING))
    assert await in_turn(make, 7) == 7
