"""Several deployments of one model: which is asked, and what happens where one fails."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.integration.calls import CHAT, chat_body, client, events, post, stream
from tests.integration.deployments import ask, deployments, eventually, providers, routed
from tests.processes import free_port
from tests.running import serving
from tests.upstreams import (
    DONE,
    Answer,
    Gate,
    Reset,
    Upstream,
    chunk,
    error,
    hang,
    page,
    plain,
    reset,
    text,
)
from tests.upstreams import stream as streamed

# So that an answer that a busy machine delays is not asked for once more.
PATIENT = {"connect": 10, "firstByte": 30, "betweenBytes": 30, "total": 60}


def asked(upstreams: Sequence[Upstream]) -> list[int]:
    """How often each was."""
    return [len(upstream.requests) for upstream in upstreams]


async def test_weights_are_honoured(tmp_path: Path) -> None:
    random.seed(7)
    with providers(2) as upstreams:
        each = [{"weight": 3}, {"weight": 1}]
        settings = routed(tmp_path, upstreams, each=each, config={"timeouts": PATIENT})
        async with serving(settings) as server:
            await ask(server, 100)

    often, seldom = asked(upstreams)
    assert often + seldom == 100
    assert 62 <= often <= 88  # three standard deviations around 75


async def test_the_least_busy_deployment_is_asked(tmp_path: Path) -> None:
    gate = Gate()
    with providers(2) as upstreams:
        for upstream in upstreams:
            upstream.answer("fast", streamed(chunk("one"), gate, chunk(finish="stop"), DONE))
        settings = routed(tmp_path, upstreams, fields={"fast": {"strategy": "least_busy"}})
        async with serving(settings) as server:
            calls = [asyncio.create_task(stream(server)) for _ in range(10)]

            async def all_are_open() -> bool:
                return sum(asked(upstreams)) == 10

            await eventually(all_are_open)
            counts = asked(upstreams)
            gate.open()
            await asyncio.gather(*calls)

    assert counts == [5, 5]


async def test_the_cheapest_deployment_is_asked(tmp_path: Path) -> None:
    with providers(3) as upstreams:
        each = [{"pricing": {"inputPerMillion": price}} for price in (3, 1, 2)]
        settings = routed(tmp_path, upstreams, each=each, fields={"fast": {"strategy": "cost"}})
        async with serving(settings) as server:
            answers = await ask(server, 6)

    assert asked(upstreams) == [0, 6, 0]
    assert float(answers[0].headers["x-aiportal-cost"]) == pytest.approx(9 * 1 / 1e6)


async def test_the_quickest_deployment_is_asked(tmp_path: Path) -> None:
    gate = Gate()
    with providers(2) as (slow, quick):
        slow.answer("fast", lambda request: (gate, *text()(request)))
        fields = {"fast": {"strategy": "latency", "timeouts": {"firstByte": 10}}}
        async with serving(routed(tmp_path, [slow, quick], fields=fields)) as server:
            first = asyncio.create_task(post(server))
            second = asyncio.create_task(post(server))
            await slow.arrival()
            await quick.arrival()
            asyncio.get_running_loop().call_later(0.1, gate.open)
            await asyncio.gather(first, second)
            await ask(server, 6)

    assert asked([slow, quick]) == [1, 7]


FAILING: dict[str, Answer] = {
    "500": error(500),
    "503": error(503),
    "503 for an hour": error(503, headers={"Retry-After": "3600"}),
    "429": error(429, headers={"Retry-After": "30"}),
    "401": error(401),
    "403": error(403),
    "404": error(404),
    "408": error(408),
    "a page": page(200),
    "malformed JSON": plain(b'{"choices": ['),
    "an error with status 200": plain(b'{"error": {"message": "no"}}'),
    "a reset": reset(),
    "silence": hang(),
}


@pytest.mark.parametrize("is_stream", [False, True], ids=["unstreamed", "streamed"])
@pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING)
async def test_where_one_deployment_fails_another_answers(
    tmp_path: Path, failing: Answer, is_stream: bool
) -> None:
    with providers(2) as (broken, good):
        broken.answer("fast", failing)
        each = [{"weight": 1e6}, {"weight": 1e-6}]
        async with serving(routed(tmp_path, [broken, good], each=each)) as server:
            answer = await post(server, stream=is_stream)
            (row,) = await server.rows()

    assert answer.status_code == row.status == 200
    assert asked([broken, good]) == [1, 1]
    assert answer.headers["x-aiportal-model"] == row.model == "acme/fast"
    assert answer.headers["x-aiportal-deployment"] == row.deployment == "acme/fast#2"


async def test_a_deployment_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    with providers(1) as (good,):
        dead = {"apiBase": f"http://127.0.0.1:{free_port()}/v1", "weight": 1e6}
        each: list[dict[str, Any]] = [dead, {"weight": 1e-6}]
        async with serving(routed(tmp_path, [good, good], each=each)) as server:
            answer = await post(server)

    assert answer.headers["x-aiportal-deployment"] == "acme/fast#2"


RETRIED: dict[str, Answer] = {
    "500": error(500),
    "502": page(502),
    "503": error(503, headers={"Retry-After": "0.02"}),
    "408": error(408),
    "a reset": reset(),
}


@pytest.mark.parametrize("is_stream", [False, True], ids=["unstreamed", "streamed"])
@pytest.mark.parametrize("failing", RETRIED.values(), ids=RETRIED)
async def test_a_failure_is_tried_again_and_makes_one_row(
    tmp_path: Path, failing: Answer, is_stream: bool
) -> None:
    with providers(1) as (only,):
        only.answer("fast", failing, failing, text("well again"))
        async with serving(routed(tmp_path, [only])) as server:
            answer = await post(server, stream=is_stream)
            rows = await server.rows()

    assert answer.status_code == 200
    assert len(only.requests) == 3
    assert [row.status for row in rows] == [200]


async def test_an_overloaded_provider_is_given_the_time_it_asks_for(tmp_path: Path) -> None:
    """One second is less than `maxDelay`, so it is waited for; the call's time is more than that."""
    with providers(1) as (only,):
        only.answer("fast", error(503, headers={"Retry-After": "1"}), text())
        settings = routed(tmp_path, [only], config={"retries": {"attempts": 1, "maxDelay": 2}})
        async with serving(settings) as server:
            answer = await post(server)
            (row,) = await server.rows()

    assert answer.status_code == 200
    assert row.latency_ms >= 1000


async def test_a_wait_beyond_the_longest_pause_is_handed_on(tmp_path: Path) -> None:
    with providers(1) as (only,):
        only.answer("fast", error(503, headers={"Retry-After": "3600"}))
        async with serving(routed(tmp_path, [only])) as server:
            answer = await post(server)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3600")
    assert len(only.requests) == 1


@pytest.mark.parametrize("count", [1, 2])
async def test_a_rate_limit_with_nowhere_to_go_is_handed_on_at_once(
    tmp_path: Path, count: int
) -> None:
    with providers(count) as upstreams:
        for upstream in upstreams:
            upstream.answer("fast", error(429, headers={"Retry-After": "7"}))
        async with serving(routed(tmp_path, upstreams)) as server:
            answer = await post(server)

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert asked(upstreams) == [1] * count


async def test_a_rate_limit_is_not_slept_through_while_the_other_cools_down(
    tmp_path: Path,
) -> None:
    with providers(2) as (limited, broken):
        limited.answer("fast", error(429, headers={"Retry-After": "7"}))
        broken.answer("fast", error(503, headers={"Retry-After": "3600"}))
        each = [{"weight": 1e-6}, {"weight": 1e6}]
        async with serving(routed(tmp_path, [limited, broken], each=each)) as server:
            first = await post(server)

    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    assert asked([limited, broken]) == [1, 1]


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_what_the_request_is_at_fault_for_is_never_tried_again(
    tmp_path: Path, status: int
) -> None:
    with providers(2) as upstreams:
        for upstream in upstreams:
            upstream.answer("fast", error(status))
        async with serving(routed(tmp_path, upstreams)) as server:
            answer = await post(server)

    assert answer.status_code in {400, 413}
    assert sum(asked(upstreams)) == 1


async def test_nothing_is_tried_again_after_the_first_byte(tmp_path: Path) -> None:
    with providers(2) as upstreams:
        for upstream in upstreams:
            upstream.answer("fast", streamed(chunk("one"), Reset()))
        async with serving(routed(tmp_path, upstreams)) as server:
            found = events(await stream(server))
            (row,) = await server.rows()

    assert found[-1]["error"]["code"] == "upstream_broke_off"
    assert sum(asked(upstreams)) == 1
    assert row.status == 502


async def test_retries_can_be_switched_off(tmp_path: Path) -> None:
    with providers(1) as (only,):
        only.answer("fast", error(500), text())
        async with serving(routed(tmp_path, [only], config={"retries": 0})) as server:
            answer = await post(server)

    assert answer.status_code == 502
    assert len(only.requests) == 1


async def test_tries_end_with_the_time_of_the_whole_call(tmp_path: Path) -> None:
    with providers(3) as upstreams:
        for upstream in upstreams:
            upstream.answer("fast", hang())
        timeouts = {"connect": 1, "firstByte": 0.3, "betweenBytes": 1, "total": 0.2}
        settings = routed(tmp_path, upstreams, config={"timeouts": timeouts})
        async with serving(settings) as server:
            answer = await post(server)

    assert answer.status_code == 504
    assert sum(asked(upstreams)) == 1


async def test_a_caller_that_leaves_during_a_pause(tmp_path: Path) -> None:
    retries = {"attempts": 2, "baseDelay": 0, "maxDelay": 60}
    with providers(1) as (only,):
        only.answer("fast", error(503, headers={"Retry-After": "50"}))
        settings = routed(tmp_path, [only], config={"retries": retries, "timeouts": {"total": 99}})
        async with serving(settings) as server:

            async def is_refused() -> bool:
                return bool((await deployments(server))["acme/fast"]["failures"])

            async with client(server) as session:
                call = asyncio.create_task(session.post(CHAT, json=chat_body()))
                await eventually(is_refused)
                call.cancel()
                with suppress(asyncio.CancelledError):
                    await call
            (row,) = await server.rows()

    assert (row.status, row.prompt_tokens, row.cost_usd) == (499, 0, 0)
    assert len(only.requests) == 1


async def test_a_deployment_that_moves_is_asked_at_its_new_address(tmp_path: Path) -> None:
    with providers(2) as (old, new):
        old.answer("fast", error(500))
        settings = routed(tmp_path, [old], config={"retries": 0})
        async with serving(settings) as server:
            await ask(server, 3)  # its breaker opens, which says nothing of the new address
            routed(tmp_path, [new])
            async with client(server) as session:
                await session.post("/v1/routerbox/reload")
            answer = await post(server)
            told = await deployments(server)

    assert answer.status_code == 200
    assert asked([old, new]) == [3, 1]
    assert (told["acme/fast"]["state"], told["acme/fast"]["calls"]) == ("up", 1)
