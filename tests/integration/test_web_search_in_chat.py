"""An answer with sources of the web over the wire: a scripted model, fake providers on loopback."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from openai import AsyncOpenAI

from aiportal.settings import Settings
from tests.running import AppServer, chat_chunks, serving
from tests.upstreams import DONE, SearchSite, Upstream, answers, chunk, plain, stream
from tests.upstreams.calling import call, calling
from tests.upstreams.searching import brave, wikipedia
from tests.upstreams.site import html
from tests.web_portal import searching_settings

QUESTION = [{"role": "user", "content": "Who built the Eiffel Tower?"}]
A, B = ("Eiffel", "https://a.test/eiffel"), ("Tower", "https://b.test/")
CITING = "🗼 Gustave Eiffel[1] built it; `x[1]` is code [2][7]."


@pytest.fixture
def site() -> Iterator[SearchSite]:
    with SearchSite() as site:
        site.finds("brave", brave(A, B))
        site.finds("wikipedia", wikipedia("Eiffel Tower"))
        yield site


@pytest.fixture
async def portal(
    wired_settings: Settings, site: SearchSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AppServer]:
    monkeypatch.setenv("BRAVE_API_KEY", "secret-key")
    async with serving(searching_settings(wired_settings, site, tmp_path / "tools")) as server:
        yield server


async def _posted(portal: AppServer, **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {"model": "acme/fast", "messages": QUESTION, "web_search": True} | fields
    url = f"{portal.url}/v1/chat/completions"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=body, headers=portal.headers) as response,
    ):
        return response.status, await response.json()


def _check(text: str, annotations: list[dict[str, Any]]) -> None:
    cited = [one["url_citation"] for one in annotations]
    assert [one["url"] for one in cited] == [A[1], B[1]]
    assert [text[one["start_index"] : one["end_index"]] for one in cited] == ["[1]", "[2]"]


async def test_openais_client_reads_the_citations_of_a_whole_answer(
    portal: AppServer, upstream: Upstream, site: SearchSite
) -> None:
    upstream.answer("fast", answers.text(CITING))
    client = AsyncOpenAI(base_url=f"{portal.url}/v1", api_key=portal.key)
    answer = await client.chat.completions.create(
        model="acme/fast",
        messages=[{"role": "user", "content": "Who built the Eiffel Tower?"}],
        extra_body={"web_search": True},
    )
    message = answer.choices[0].message
    assert message.content == CITING
    _check(CITING, [one.model_dump() for one in message.annotations or ()])
    extra = answer.model_extra or {}
    assert extra["citations"] == [{"title": t, "url": u} for t, u in (A, B)]
    assert extra["web_search"]["query"] == "Who built the Eiffel Tower?"
    assert (extra["web_search"]["provider"], extra["web_search"]["note"]) == ("brave", None)
    assert site.last().query["q"] == "Who built the Eiffel Tower?"

    sent = upstream.last().json
    assert "web_search" not in sent
    (asked,) = sent["messages"]
    assert asked["content"].endswith("\n\nWho built the Eiffel Tower?")
    assert "Eiffel by Brave" in asked["content"]
    await client.close()


async def test_openais_client_reads_the_citations_of_a_stream(
    portal: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", answers.text(CITING))
    client = AsyncOpenAI(base_url=f"{portal.url}/v1", api_key=portal.key)
    events = await client.chat.completions.create(
        model="acme/fast",
        messages=[{"role": "user", "content": "Who built the Eiffel Tower?"}],
        stream=True,
        stream_options={"include_usage": True},
        extra_body={"web_search": {"max_results": 2, "provider": "brave"}},
    )
    chunks = [chunk async for chunk in events]
    said = [one for one in chunks if one.choices]
    text = "".join(one.choices[0].delta.content or "" for one in said)
    told = [one.choices[0].delta.model_extra or {} for one in said]
    assert text == CITING
    assert said[-1].choices[0].finish_reason == "stop"
    _check(text, told[-2]["annotations"])
    assert [one for one in told[:-2] if "annotations" in one] == []
    assert (said[0].model_extra or {})["citations"][0] == {"title": A[0], "url": A[1]}
    assert len((said[0].model_extra or {})["web_search"]["sources"]) == 2
    assert chunks[-1].usage is not None
    assert all(one.choices is not None for one in chunks)
    await client.close()


async def test_a_finish_that_comes_with_text_is_told_after_the_citations(
    portal: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", stream(chunk("So it is [1]", finish="stop"), DONE))
    events = await _streamed(portal)
    deltas = [(one["choices"][0]["delta"], one["choices"][0]["finish_reason"]) for one in events]
    assert [set(delta) - {"role"} for delta, _ in deltas] == [{"content"}, {"annotations"}, set()]
    assert [finish for _, finish in deltas] == [None, None, "stop"]
    assert "citations" in events[0]


async def _streamed(portal: AppServer, **fields: Any) -> list[dict[str, Any]]:
    body = {"model": "acme/fast", "messages": QUESTION, "web_search": True}
    return await chat_chunks(portal, body | fields)


async def test_the_text_of_the_best_pages_is_read(
    portal: AppServer, upstream: Upstream, site: SearchSite
) -> None:
    words = "The tower was designed by Maurice Koechlin and Emile Nouguier. " * 6
    site.page("/page", html(f"<html><body><article><p>{words}</p></article></body></html>"))
    site.finds("brave", brave(("Eiffel", f"{site.base}/page"), ("Gone", f"{site.base}/gone")))
    status, body = await _posted(portal)
    assert status == 200, body
    told = upstream.last().json["messages"][0]["content"]
    assert "Maurice Koechlin" in told
    assert "Gone by Brave" in told


async def test_wikipedia_answers_without_a_key_and_the_answer_says_so(
    wired_settings: Settings, site: SearchSite, tmp_path: Path, upstream: Upstream
) -> None:
    upstream.answer("fast", answers.text("Eiffel [1]."))
    async with serving(searching_settings(wired_settings, site, tmp_path / "tools")) as portal:
        _, whole = await _posted(portal)
        first, *_ = await _streamed(portal)
    for told in (whole, first):
        assert told["citations"][0]["url"].endswith("/wikipedia/wiki/Eiffel_Tower")
        assert "Only Wikipedia" in told["web_search"]["note"]


async def test_a_search_that_fails_leaves_an_answer_that_says_so(
    portal: AppServer, upstream: Upstream, site: SearchSite
) -> None:
    for name in ("brave", "wikipedia"):
        site.finds(name, plain(b"{}", status=400))
    status, body = await _posted(portal)
    assert status == 200
    assert "could not be searched" in body["web_search"]["note"]
    assert (body["citations"], body["choices"][0]["message"]["annotations"]) == ([], [])
    assert "there are no sources" in upstream.last().json["messages"][0]["content"]


async def test_nothing_found_is_asked_for_once_more_in_fewer_words(
    portal: AppServer, site: SearchSite
) -> None:
    site.finds("brave", brave(), brave(A))
    _, body = await _posted(portal)
    assert [one["url"] for one in body["citations"]] == [A[1]]
    assert site.last().query["q"] == "built Eiffel Tower"


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"web_search": "yes"}, 400, "web_search"),
    ({"web_search": {"max_results": 0}}, 400, "web_search.max_results"),
    ({"web_search": {"max_results": True}}, 400, "web_search.max_results"),
    ({"web_search": {"provider": 1}}, 400, "web_search.provider"),
    ({"web_search": {"count": 1}}, 400, "web_search.count"),
    ({"web_search": True, "n": 2}, 400, "n"),
    ({"web_search": {"provider": "altavista"}}, 400, "provider"),
    ({"web_search": {"provider": "tavily"}}, 503, ""),
]


async def test_what_a_search_cannot_be(portal: AppServer) -> None:
    for fields, status, param in BAD:
        found, body = await _posted(portal, **fields)
        assert (found, body["error"]["param"] or "") == (status, param), fields


async def test_a_model_searches_by_itself_unless_a_request_says_no(
    portal: AppServer, site: SearchSite, portal_config: Path
) -> None:
    folder = portal_config / "models" / "custom"
    folder.mkdir(parents=True)
    config = {"id": "custom/finder", "baseModel": "acme/fast", "webSearch": True}
    (folder / "finder.json").write_text(json.dumps(config))
    operator = await portal.portal.users.operator()
    await portal.portal.registry.reload(operator)
    for said, citations in ((None, 2), (False, None)):
        _, body = await _posted(portal, model="custom/finder", web_search=said)
        assert len(body.get("citations", ())) == (citations or 0)
    _, plain_body = await _posted(portal, web_search=False)
    assert "web_search" not in plain_body
    assert site.calls("brave") == 1


async def test_the_search_comes_before_the_tools(portal: AppServer, upstream: Upstream) -> None:
    upstream.answer(
        "fast",
        calling(call("calculator", "a", expression="6 * 7"), text="By [1]:"),
        answers.text("42 [2]."),
    )
    tools = {"enabled": True, "allowedTools": ["calculator"]}
    events = await _streamed(portal, tools=tools)
    text = "".join(_texts(events))
    (cited,) = [one for one in events if "annotations" in json.dumps(one)]
    annotations = cited["choices"][0]["delta"]["annotations"]
    _check(text, annotations)
    assert [one["type"] for one in events if "type" in one] == ["tool_call", "tool_result"]
    upstream.answer(
        "fast", calling(call("calculator", "a", expression="1 + 1")), answers.text("[1]")
    )
    _, whole = await _posted(portal, tools=tools)
    assert (len(whole["tool_events"]), len(whole["citations"])) == (2, 2)


def _texts(events: list[dict[str, Any]]) -> Iterator[str]:
    for event in events:
        for choice in event.get("choices", ()):
            yield choice["delta"].get("content") or ""
