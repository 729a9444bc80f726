"""GET /metrics: true figures, for administrators and for who is on this machine."""

from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from aiportal.settings import Settings
from tests.integration.calls import post, stream
from tests.integration.deployments import ask, providers, routed
from tests.loopback import NO_TLS
from tests.running import AppServer, key_of_new_user, serving
from tests.upstreams import error


async def scrape(server: AppServer, **headers: str) -> httpx.Response:
    """By somebody on this machine, with these headers."""
    async with httpx.AsyncClient(verify=NO_TLS, base_url=server.url) as session:
        return await session.get("/metrics", headers=headers)


def samples(text: str) -> dict[tuple[str, str], float]:
    """Each figure by its name and its deployment or status."""
    return {
        (sample.name, sample.labels.get("deployment") or sample.labels.get("status", "")): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_the_figures_are_those_of_the_calls(tmp_path: Path) -> None:
    with providers(2) as upstreams:
        upstreams[0].answer("fast", error(500))
        each = [{"weight": 1e6}, {"weight": 1e-6}]
        async with serving(routed(tmp_path, upstreams, each=each)) as server:
            await ask(server, 4)
            await stream(server)
            await post(server, model="acme/none")
            answer = await scrape(server)
    found = samples(answer.text)

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert found["aiportal_deployment_calls_total", "acme/fast#1"] == 3
    assert found["aiportal_deployment_failures_total", "acme/fast#1"] == 3
    assert found["aiportal_deployment_is_cooling", "acme/fast#1"] == 1
    assert found["aiportal_deployment_calls_total", "acme/fast#2"] == 5
    assert found["aiportal_deployment_in_flight", "acme/fast#2"] == 0
    assert found["aiportal_deployment_first_byte_seconds_count", "acme/fast#2"] == 5
    assert 0 < found["aiportal_deployment_first_byte_seconds_sum", "acme/fast#2"] < 60
    assert found["aiportal_deployment_prompt_tokens_total", "acme/fast#2"] == 5 * 9
    assert found["aiportal_deployment_completion_tokens_total", "acme/fast#2"] == 5 * 4
    assert found["aiportal_deployment_cost_usd_total", "acme/fast#2"] == pytest.approx(5 * 17e-6)
    assert found["aiportal_http_answers_total", "200"] == 5
    assert found["aiportal_http_answers_total", "404"] == 1
    assert found["process_resident_memory_bytes", ""] > 0


async def test_a_custom_model_is_not_counted_twice(tmp_path: Path) -> None:
    with providers(1) as (only,):
        settings = routed(tmp_path, [only])
        folder = tmp_path / "model_config" / "models"
        (folder / "mine.json").write_text('{"id": "custom/mine", "baseModel": "acme/fast"}')
        async with serving(settings) as server:
            await post(server, model="custom/mine")
            text = (await scrape(server)).text

    assert text.count("aiportal_deployment_calls_total{") == 1
    assert samples(text)["aiportal_deployment_calls_total", "acme/fast"] == 1


async def test_an_administrator_is_admitted_and_a_user_is_not(app_server: AppServer) -> None:
    user = await key_of_new_user(app_server.portal, "ann")

    assert (await scrape(app_server, **app_server.headers)).status_code == 200
    assert (await scrape(app_server, authorization=f"Bearer {user}")).status_code == 403
    assert (await scrape(app_server, authorization="Bearer ak_wrong")).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "203.0.113.7"},
        {"forwarded": "for=203.0.113.7"},
        {"via": "1.1 proxy"},
        {"x-real-ip": "203.0.113.7"},
        {"host": "portal.example.org"},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_who_comes_through_a_proxy_is_not_on_this_machine(
    app_server: AppServer, headers: dict[str, str]
) -> None:
    assert (await scrape(app_server, **headers)).status_code == 401


async def test_behind_a_proxy_nobody_is_on_this_machine(wired_settings: Settings) -> None:
    settings = wired_settings.model_copy(update={"behind_proxy": True})
    async with serving(settings) as server:
        assert (await scrape(server)).status_code == 401
        assert (await scrape(server, **server.headers)).status_code == 200
