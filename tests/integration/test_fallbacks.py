"""Other models that stand in."""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.calls import client, post
from tests.integration.deployments import ask, providers, routed
from tests.running import AppServer, key_of_new_user, serving
from tests.upstreams import Answer, Upstream, error, hang, page, reset, text

TOO_LONG = error(400, "too long", code="context_length_exceeded")


@pytest.mark.parametrize("is_stream", [False, True], ids=["unstreamed", "streamed"])
@pytest.mark.parametrize(
    "failing",
    [error(500), error(429), error(401), page(502), reset(), hang()],
    ids=["500", "429", "401", "a page", "a reset", "silence"],
)
async def test_a_fallback_answers_where_the_model_fails(
    tmp_path: Path, failing: Answer, is_stream: bool
) -> None:
    with providers(2) as (broken, good):
        broken.answer("fast", failing)
        fields = {"fast": {"fallbacks": ["acme/slow"]}}
        settings = routed(tmp_path, [broken], others={"slow": good}, fields=fields)
        async with serving(settings) as server:
            answer = await post(server, stream=is_stream)
            (row,) = await server.rows()

    assert answer.status_code == row.status == 200
    assert good.last().json["model"] == "slow"
    assert answer.headers["x-aiportal-model"] == row.model == "acme/slow"
    assert answer.headers["x-aiportal-deployment"] == row.deployment == "acme/slow"


async def test_what_is_too_long_goes_to_a_model_that_holds_more(tmp_path: Path) -> None:
    with providers(1) as (provider,):
        provider.answer("fast", TOO_LONG)
        fields: dict[str, dict[str, Any]] = {
            "fast": {"contextWindow": 8192, "fallbacks": ["acme/small", "acme/alike", "acme/big"]},
            "small": {"contextWindow": 4096},
            "alike": {"contextWindow": 8192},
            "big": {"contextWindow": 100_000},
        }
        others = dict.fromkeys(("small", "alike", "big"), provider)
        settings = routed(tmp_path, [provider], others=others, fields=fields)
        async with serving(settings) as server:
            answer = await post(server)

    assert answer.headers["x-aiportal-model"] == "acme/big"
    assert [request.model for request in provider.requests] == ["fast", "big"]


async def test_what_is_too_long_for_all_is_told_so(tmp_path: Path) -> None:
    with providers(1) as (provider,):
        provider.answer("fast", TOO_LONG)
        fields: dict[str, dict[str, Any]] = {
            "fast": {"fallbacks": ["acme/small"]},
            "small": {"contextWindow": 4096},
        }
        settings = routed(tmp_path, [provider], others={"small": provider}, fields=fields)
        async with serving(settings) as server:
            answer = await post(server)
            (row,) = await server.rows()

    assert answer.status_code == row.status == 400
    assert answer.json()["error"]["code"] == "context_length_exceeded"
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    "closed", [{"access": {"users": ["somebody.else"]}}, {"enabled": False}, {"apiKeyEnv": "NONE"}]
)
async def test_a_fallback_that_the_caller_may_not_use_or_that_cannot_serve_is_skipped(
    tmp_path: Path, closed: dict[str, Any]
) -> None:
    with providers(1) as (provider,):
        provider.answer("fast", error(500))
        fields = {"fast": {"fallbacks": ["acme/closed", "acme/slow"]}, "closed": closed}
        others = dict.fromkeys(("closed", "slow"), provider)
        settings = routed(tmp_path, [provider], others=others, fields=fields)
        async with serving(settings) as server:
            user = await key_of_new_user(server.portal, "ann")
            answer = await post(AppServer(server.url, user, server.portal))

    assert answer.headers["x-aiportal-model"] == "acme/slow"
    assert "closed" not in {request.model for request in provider.requests}


async def test_the_error_is_that_of_the_model_asked_for(tmp_path: Path) -> None:
    with providers(1) as (provider,):
        provider.answer("fast", error(429, headers={"Retry-After": "7"}))
        provider.answer("slow", error(400, "no such thing"))
        fields = {"fast": {"fallbacks": ["acme/slow"]}}
        settings = routed(tmp_path, [provider], others={"slow": provider}, fields=fields)
        async with serving(settings) as server:
            answer = await post(server)
            rows = await server.rows()

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert [row.status for row in rows] == [429]


async def test_a_stand_in_that_refuses_does_not_keep_others_from_being_asked(
    tmp_path: Path,
) -> None:
    with providers(1) as (provider,):
        provider.answer("fast", error(500))
        provider.answer("slow", error(400, "I take no tools"))
        fields = {"fast": {"fallbacks": ["acme/slow", "acme/last"]}}
        others = dict.fromkeys(("slow", "last"), provider)
        settings = routed(tmp_path, [provider], others=others, fields=fields)
        async with serving(settings) as server:
            answer = await post(server)

    assert answer.headers["x-aiportal-model"] == "acme/last"


async def test_a_bad_request_does_not_go_to_a_fallback(tmp_path: Path) -> None:
    with providers(1) as (provider,):
        provider.answer("fast", error(400))
        fields = {"fast": {"fallbacks": ["acme/slow"]}}
        settings = routed(tmp_path, [provider], others={"slow": provider}, fields=fields)
        async with serving(settings) as server:
            answer = await post(server)

    assert answer.status_code == 400
    assert len(provider.requests) == 1


async def test_a_single_primary_that_keeps_failing_is_asked_last(tmp_path: Path) -> None:
    with providers(2) as (broken, good):
        broken.answer("fast", error(500))
        settings = with_fallback(tmp_path, broken, good, seconds=60)
        async with serving(settings) as server:
            await ask(server, 3)
            before = len(broken.requests)
            answers = await ask(server, 5)
            async with client(server) as session:
                resolution = (
                    await session.post("/v1/routerbox/resolve", json={"model": "acme/fast"})
                ).json()

    assert before == 3
    assert len(broken.requests) == before
    assert {answer.headers["x-aiportal-model"] for answer in answers} == {"acme/slow"}
    assert resolution["served_by"] == "acme/slow"


async def test_a_primary_that_is_well_again_is_asked_again(tmp_path: Path) -> None:
    with providers(2) as (mended, good):
        mended.answer("fast", error(500), error(500), error(500), text("well again"))
        async with serving(with_fallback(tmp_path, mended, good, seconds=0.01)) as server:
            await ask(server, 3)
            answers = await ask(server, 20)

    assert answers[-1].headers["x-aiportal-model"] == "acme/fast"


async def test_a_cooling_primary_is_still_the_last_resort(tmp_path: Path) -> None:
    with providers(2) as (primary, other):
        primary.answer("fast", error(500), error(500), error(500), text("well again"))
        other.answer("slow", text(), text(), text(), error(500))
        async with serving(with_fallback(tmp_path, primary, other, seconds=60)) as server:
            await ask(server, 3)
            answer = await post(server)

    assert answer.headers["x-aiportal-model"] == "acme/fast"


def with_fallback(tmp_path: Path, primary: Upstream, other: Upstream, *, seconds: float) -> Any:
    """`acme/fast`, tried once a call, with `acme/slow` behind it."""
    config = {"retries": 0, "cooldown": {"failures": 3, "seconds": seconds}}
    fields = {"fast": {"fallbacks": ["acme/slow"]}}
    return routed(tmp_path, [primary], others={"slow": other}, fields=fields, config=config)


async def test_a_model_without_an_address_leaves_it_to_its_fallback_which_makes_the_row(
    tmp_path: Path,
) -> None:
    with providers(1) as (provider,):
        provider.answer("slow", error(401))
        fields: dict[str, dict[str, Any]] = {
            "fast": {"deployments": [], "fallbacks": ["acme/slow"]}
        }
        bare = {"providers": {"acme": {"dialect": "openai", "apiKeyEnv": None}}}
        others = {"slow": provider}
        settings = routed(tmp_path, [provider], others=others, fields=fields, config=bare)
        async with serving(settings) as server:
            failed = await post(server)
            provider.answer("slow", text())
            served = await post(server)
            rows = await server.rows(2)

    assert (failed.status_code, failed.json()["error"]["code"]) == (503, "model_unavailable")
    assert served.headers["x-aiportal-model"] == "acme/slow"
    assert [(row.model, row.status) for row in rows] == [("acme/slow", 503), ("acme/slow", 200)]
