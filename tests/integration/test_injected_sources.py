"""A model that does what an injected page says: nothing runs unasked, and nothing of ours goes out."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from aiportal.settings import Settings
from tests.injected import INJECTED
from tests.running import AppServer, serving
from tests.upstreams import SearchSite, Upstream, answers
from tests.upstreams.calling import call, calling
from tests.upstreams.searching import brave
from tests.web_portal import searching_settings

KEY = "brave-secret-key"
TOOLS = {"enabled": True, "allowedTools": ["asks"]}


@pytest.fixture
def site() -> Iterator[SearchSite]:
    with SearchSite() as site:
        yield site


@pytest.fixture
async def portal(
    wired_settings: Settings, site: SearchSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AppServer]:
    monkeypatch.setenv("BRAVE_API_KEY", KEY)
    async with serving(searching_settings(wired_settings, site, tmp_path / "tools")) as server:
        yield server


def _pages(site: SearchSite) -> Any:
    """Results whose titles and snippets are the injected texts."""
    found = [
        {"title": text[:300], "url": f"https://{n}.test/?q={n}", "description": text}
        for n, text in enumerate(INJECTED.values())
    ]
    site.finds("brave", answers.plain(json.dumps({"web": {"results": found}}).encode()))


async def test_an_obeying_model_runs_nothing_that_a_person_has_to_agree_to(
    portal: AppServer, upstream: Upstream, site: SearchSite
) -> None:
    _pages(site)
    upstream.answer("fast", calling(call("asks", "a", secret="all")), answers.text("Done [1]."))
    body = {
        "model": "acme/fast",
        "messages": [{"role": "user", "content": "What do they say?"}],
        "web_search": {"max_results": 20},
        "tools": TOOLS,
    }
    url = f"{portal.url}/v1/chat/completions"
    async with aiohttp.ClientSession(headers=portal.headers) as session:
        async with session.post(url, json=body) as response:
            whole = await response.json()
        (called, returned) = whole["tool_events"]
        assert (called["tool_id"], returned["error_type"]) == ("asks", "approval_needed")
        assert len(whole["citations"]) == 20

        upstream.answer("fast", calling(call("asks", "a", secret="all")), answers.text("No [1]."))
        async with session.post(url, json=body | {"stream": True}) as response:
            kinds: list[str] = []
            async for line in response.content:
                if line.startswith(b'data: {"type"'):
                    event = json.loads(line[6:])
                    kinds.append(event["type"])
                    if event["type"] == "tool_call":
                        decline = f"{portal.url}/v1/tools/approvals/{event['approval_id']}"
                        async with session.post(decline, json={"approve": False}) as decided:
                            assert decided.status == 200
                    else:
                        assert event["error_type"] == "declined"
        assert kinds == ["tool_call", "tool_result"]

    sent = [json.dumps(one.json) for one in upstream.requests]
    for secret in (KEY, portal.key, str(portal.portal.settings.data_dir)):
        assert not any(secret in one for one in sent)
    assert not any("base64,PHN" in one or "\\u200b" in one for one in sent)


async def test_results_that_are_no_pages_are_no_sources(
    portal: AppServer, upstream: Upstream, site: SearchSite
) -> None:
    bad = ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "https://u:p@a.test/"]
    site.finds("brave", brave(*[("Bad", url) for url in bad], ("Good", "https://a.test/")))
    upstream.answer("fast", answers.text("[1] [2]"))
    body = {
        "model": "acme/fast",
        "messages": [{"role": "user", "content": "What?"}],
        "web_search": True,
    }
    url = f"{portal.url}/v1/chat/completions"
    async with (
        aiohttp.ClientSession(headers=portal.headers) as session,
        session.post(url, json=body) as response,
    ):
        whole = await response.json()
    assert [one["url"] for one in whole["citations"]] == ["https://a.test/"]
    assert len(whole["choices"][0]["message"]["annotations"]) == 1


async def test_a_page_within_the_network_is_not_read(
    portal: AppServer, upstream: Upstream, site: SearchSite
) -> None:
    with SearchSite() as inside:  # not among the addresses that may be fetched
        site.finds("brave", brave(("Inside", f"{inside.base}/secret")))
        upstream.answer("fast", answers.text("[1]"))
        body = {
            "model": "acme/fast",
            "messages": [{"role": "user", "content": "What?"}],
            "web_search": True,
        }
        url = f"{portal.url}/v1/chat/completions"
        async with (
            asyncio.timeout(30),
            aiohttp.ClientSession(headers=portal.headers) as session,
            session.post(url, json=body) as response,
        ):
            assert response.status == 200
        assert inside.requests == []
