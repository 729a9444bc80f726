"""A deployment that keeps failing is left alone, tried by one call, and used again."""

import asyncio
from pathlib import Path

from tests.integration.calls import post, stream
from tests.integration.deployments import ask, deployments, eventually, providers, routed
from tests.integration.test_deployments import asked
from tests.running import AppServer, serving
from tests.upstreams import DONE, Gate, Reset, chunk, error, text
from tests.upstreams import stream as streamed

FIRST_RATHER = [{"weight": 1e6}, {"weight": 1e-6}]


async def states(server: AppServer) -> dict[str, str]:
    """Each deployment's."""
    return {name: row["state"] for name, row in (await deployments(server)).items()}


def cooling(seconds: float) -> dict[str, object]:
    return {"cooldown": {"failures": 3, "seconds": seconds}}


async def test_after_three_failures_in_a_row_it_is_left_alone(tmp_path: Path) -> None:
    with providers(2) as upstreams:
        upstreams[0].answer("fast", error(500))
        settings = routed(tmp_path, upstreams, each=FIRST_RATHER, config=cooling(60))
        async with serving(settings) as server:
            assert {answer.status_code for answer in await ask(server, 8)} == {200}
            told = await states(server)

    assert asked(upstreams) == [3, 8]
    assert told == {"acme/fast#1": "cooling", "acme/fast#2": "up"}


async def test_after_its_cooldown_one_call_tries_it_and_it_is_used_again(tmp_path: Path) -> None:
    gate = Gate()
    patient = cooling(0.05) | {"timeouts": {"firstByte": 10}}
    with providers(2) as upstreams:
        first = upstreams[0]
        trial = streamed(gate, chunk("well", finish="stop"), DONE)
        first.answer("fast", error(500), error(500), error(500), trial, text())
        settings = routed(tmp_path, upstreams, each=FIRST_RATHER, config=patient)
        async with serving(settings) as server:
            await ask(server, 3)

            async def is_over() -> bool:
                return (await states(server))["acme/fast#1"] == "trying"

            await eventually(is_over)
            call = asyncio.create_task(stream(server))
            await first.arrival(4)
            others = await ask(server, 5)
            gate.open()
            await call
            again = await post(server)
            told = await states(server)

    assert {each.headers["x-aiportal-deployment"] for each in others} == {"acme/fast#2"}
    assert again.headers["x-aiportal-deployment"] == "acme/fast#1"
    assert told["acme/fast#1"] == "up"


async def test_a_rate_limited_deployment_is_left_alone_as_long_as_it_asked(tmp_path: Path) -> None:
    with providers(2) as upstreams:
        upstreams[0].answer("fast", error(429, headers={"Retry-After": "30"}))
        async with serving(routed(tmp_path, upstreams, each=FIRST_RATHER)) as server:
            assert {answer.status_code for answer in await ask(server, 5)} == {200}
            told = await states(server)

    assert asked(upstreams) == [1, 5]
    assert told["acme/fast#1"] == "cooling"


async def test_a_deployment_that_always_breaks_off_is_left_alone(tmp_path: Path) -> None:
    with providers(2) as upstreams:
        upstreams[0].answer("fast", streamed(chunk("one"), Reset()))
        settings = routed(tmp_path, upstreams, each=FIRST_RATHER, config=cooling(60))
        async with serving(settings) as server:
            bodies = [await stream(server) for _ in range(5)]

    assert asked(upstreams) == [3, 2]
    assert [body.endswith(DONE) for body in bodies] == [False] * 3 + [True] * 2


async def test_refused_requests_do_not_open_the_breaker(tmp_path: Path) -> None:
    with providers(2) as upstreams:
        upstreams[0].answer("fast", error(400))
        async with serving(routed(tmp_path, upstreams, each=FIRST_RATHER)) as server:
            statuses = [answer.status_code for answer in await ask(server, 5)]
            told = await states(server)

    assert statuses == [400] * 5
    assert told["acme/fast#1"] == "up"


async def test_a_single_deployment_is_asked_however_it_fares(tmp_path: Path) -> None:
    with providers(1) as (only,):
        only.answer("fast", *[error(500)] * 6, text("well again"))
        settings = routed(tmp_path, [only], config={**cooling(60), "retries": 0})
        async with serving(settings) as server:
            statuses = [answer.status_code for answer in await ask(server, 7)]

    assert statuses == [502] * 6 + [200]
