"""The router's windows tell the truth, and to each caller only theirs."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.calls import client, stream
from tests.integration.deployments import ask, deployments, eventually, providers, routed
from tests.loopback import NO_TLS
from tests.running import AppServer, key_of_new_user, serving
from tests.upstreams import DONE, Gate, chunk, error
from tests.upstreams import stream as streamed

FIRST_RATHER = [{"weight": 1e6}, {"weight": 1e-6}]


async def resolve(server: AppServer, model: str = "acme/fast") -> httpx.Response:
    async with client(server) as session:
        return await session.post("/v1/routerbox/resolve", json={"model": model})


async def test_the_status_of_each_deployment(tmp_path: Path) -> None:
    with providers(2) as upstreams:
        upstreams[0].answer("fast", error(500))
        async with serving(routed(tmp_path, upstreams, each=FIRST_RATHER)) as server:
            await ask(server, 4)
            async with client(server) as session:
                answer = (await session.get("/v1/routerbox/status")).json()
    broken, good = answer["data"]

    assert (answer["object"], answer["has_more"]) == ("list", False)
    assert broken["state"] == "cooling"
    assert 0 < broken["cooling_s"] <= 60
    assert datetime.fromisoformat(broken["cooling_until"]) > datetime.now(UTC)
    assert (broken["calls"], broken["failures"], broken["in_flight"]) == (3, 3, 0)
    assert broken["last_error"] == "upstream_error"
    assert good == {
        "object": "deployment",
        "model": "acme/fast",
        "deployment": "acme/fast#2",
        "provider": "acme",
        "dialect": "openai",
        "state": "up",
        "missing": None,
        "cooling_until": None,
        "cooling_s": 0,
        "in_flight": 0,
        "calls": 4,
        "failures": 0,
        "latency_p50_ms": good["latency_p50_ms"],
        "latency_p95_ms": good["latency_p95_ms"],
        "last_error": None,
    }
    assert 0 < good["latency_p50_ms"] <= good["latency_p95_ms"]


async def test_calls_under_way_are_counted(tmp_path: Path) -> None:
    gate = Gate()
    with providers(1) as (only,):
        only.answer("fast", streamed(chunk("one"), gate, chunk(finish="stop"), DONE))
        patient = {"timeouts": {"firstByte": 10, "betweenBytes": 10}}
        async with serving(routed(tmp_path, [only], config=patient)) as server:
            call = asyncio.create_task(stream(server))

            async def is_answered() -> bool:
                row = (await deployments(server))["acme/fast"]
                return bool(row["in_flight"] and row["latency_p50_ms"])

            await eventually(is_answered)
            gate.open()
            await call
            after = (await deployments(server))["acme/fast"]

    assert after["in_flight"] == 0


async def test_no_address_and_no_key_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_KEY", "sk-very-secret")
    with providers(1) as (only,):
        fields = {"fast": {"apiKeyEnv": "ACME_KEY"}}
        async with serving(routed(tmp_path, [only], fields=fields)) as server:
            await ask(server, 1)
            async with client(server) as session:
                told = [
                    (await session.get("/v1/routerbox/status")).text,
                    (await resolve(server)).text,
                    (await session.get("/metrics")).text,
                ]

    assert all("acme/fast" in text for text in told)
    assert not [text for text in told if "sk-very" in text or str(only.port) in text]


async def test_a_user_sees_what_they_may_use_and_an_admin_all(tmp_path: Path) -> None:
    fields: dict[str, dict[str, Any]] = {
        "closed": {"access": {"users": ["bob"]}},
        "keyless": {"apiKeyEnv": "NOT_THERE"},
    }
    with providers(1) as (only,):
        others = dict.fromkeys(fields, only)
        async with serving(routed(tmp_path, [only], others=others, fields=fields)) as server:
            user = AppServer(server.url, await key_of_new_user(server.portal, "ann"), server.portal)
            theirs, everything = await deployments(user), await deployments(server)
            hidden = await resolve(user, "acme/closed")

    assert theirs.keys() == {"acme/fast"}
    assert everything.keys() == {"acme/fast", "acme/closed", "acme/keyless"}
    assert everything["acme/keyless"]["state"] == "off"
    assert "NOT_THERE" in everything["acme/keyless"]["missing"]
    assert hidden.status_code == 404


async def test_what_would_serve_is_told_and_nothing_is_called(tmp_path: Path) -> None:
    fields: dict[str, dict[str, Any]] = {
        "fast": {"fallbacks": ["acme/closed", "acme/slow"]},
        "closed": {"enabled": False},
    }
    with providers(2) as upstreams:
        each = [{"weight": 3}, {"weight": 1}]
        others = dict.fromkeys(("closed", "slow"), upstreams[0])
        settings = routed(tmp_path, upstreams, each=each, others=others, fields=fields)
        async with serving(settings) as server:
            told = (await resolve(server)).json()

    assert (told["model"], told["served_by"], told["strategy"]) == ("acme/fast",) * 2 + (
        "weighted",
    )
    assert [one["share"] for one in told["deployments"]] == [0.75, 0.25]
    assert "75%" in told["deployments"][0]["why"]
    assert [(one["model"], one["skipped"]) for one in told["fallbacks"]] == [
        ("acme/closed", True),
        ("acme/slow", False),
    ]
    assert "disabled" in told["fallbacks"][0]["why"]
    assert all(upstream.requests == [] for upstream in upstreams)


async def test_what_cools_down_is_told_with_its_reason(tmp_path: Path) -> None:
    with providers(2) as upstreams:
        upstreams[0].answer("fast", error(429, code="slow_down", headers={"Retry-After": "30"}))
        async with serving(routed(tmp_path, upstreams, each=FIRST_RATHER)) as server:
            await ask(server, 1)
            first, second = (await resolve(server)).json()["deployments"]

    assert (first["state"], first["share"], second["share"]) == ("cooling", 0, 1)
    assert "slow_down" in first["why"]


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("acme/none", 404, "model_not_found"),
        ("acme/off", 503, "model_unavailable"),
        ("a b", 400, "invalid_request"),
        ("", 400, "invalid_request"),
    ],
)
async def test_a_model_that_cannot_serve_is_an_error_as_for_a_call(
    tmp_path: Path, model: str, status: int, code: str
) -> None:
    with providers(1) as (only,):
        fields = {"off": {"enabled": False}}
        settings = routed(tmp_path, [only], others={"off": only}, fields=fields)
        async with serving(settings) as server:
            answer = await resolve(server, model)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_a_key_for_other_models_is_refused(tmp_path: Path) -> None:
    with providers(1) as (only,):
        async with serving(routed(tmp_path, [only], others={"slow": only})) as server:
            operator = await server.portal.users.operator()
            _, key = await server.portal.keys.create(operator, name="narrow", models=["acme/slow"])
            narrow = AppServer(server.url, key, server.portal)
            answer, seen = await resolve(narrow), await deployments(narrow)

    assert answer.status_code == 403
    assert seen.keys() == {"acme/slow"}


@pytest.mark.parametrize("method", ["GET /v1/routerbox/status", "POST /v1/routerbox/resolve"])
async def test_nobody_is_told_without_a_credential(app_server: AppServer, method: str) -> None:
    verb, path = method.split()
    async with httpx.AsyncClient(verify=NO_TLS, base_url=app_server.url) as session:
        answer = await session.request(verb, path, content=json.dumps({"model": "acme/fast"}))

    assert answer.status_code == 401
