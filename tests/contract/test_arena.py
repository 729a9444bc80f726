"""The blind arena over HTTP."""

from typing import Any

import pytest

from tests.contract.conversing import Client, SseEvent
from tests.running import AppServer
from tests.upstreams import Upstream, text

PATH = "/arena/battles"


async def _battle(client: Client, **body: Any) -> list[SseEvent]:
    whole = {"content": "Why?"} | body
    return [event async for event in client.events("POST", PATH, json=whole)]


async def test_a_battle_is_streamed_without_names_voted_on_and_counted(
    ann: Client, app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", text("one two"))
    upstream.answer("slow", text("three four"))

    first, *events, done = await _battle(ann)

    assert done.data == "[DONE]"
    battle_id = first.json["battle_id"]
    assert first.json == {"type": "battle", "battle_id": battle_id}
    assert {tuple(event.json) for event in events} == {
        ("type", "text", "side"),
        ("type", "status", "finish_reason", "side"),
    }
    assert {event.id for event in events} == {None}
    _, hidden = await ann.call("GET", f"{PATH}/{battle_id}")
    wire = "".join(event.data for event in [first, *events]) + str(hidden)
    assert not any(word in wire for word in ("acme", "fast", "slow", "token", "cost"))
    again = [event async for event in ann.events("GET", f"{PATH}/{battle_id}/events")]
    assert again[-2:] == [events[-1], done]

    status, told = await ann.call("POST", f"{PATH}/{battle_id}/vote", json={"outcome": "a"})

    assert status == 200
    assert {one["model"] for one in told["sides"].values()} == {"acme/fast", "acme/slow"}
    assert told["sides"]["a"]["usage"]["completion_tokens"] > 0
    assert told["conversation_id"]
    assert (await ann.call("POST", f"{PATH}/{battle_id}/vote", json={"outcome": "a"}))[0] == 409
    _, board = await ann.call("GET", "/arena/leaderboard")
    assert (board["object"], board["votes"]) == ("list", 1)
    winner, loser = board["data"]
    assert winner["model"] == told["sides"]["a"]["model"]
    assert (winner["wins"], winner["win_rate"], loser["losses"]) == (1, 1.0, 1)
    assert winner["low"] <= winner["rating"] <= winner["high"]
    rows = await app_server.rows(2)
    assert {(row.model, row.endpoint) for row in rows} == {
        ("acme/fast", "arena"),
        ("acme/slow", "arena"),
    }


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"content": ""}, 400, "content"),
        ({"models": ["acme/fast"]}, 400, "models"),
        ({"models": ["acme/fast", "acme/none"]}, 404, "model"),
        ({"side": "a"}, 400, "side"),
    ],
)
async def test_a_battle_is_refused(
    ann: Client, body: dict[str, Any], status: int, param: str
) -> None:
    got, answer = await ann.call("POST", PATH, json={"content": "Why?"} | body)
    assert (got, answer["error"]["param"]) == (status, param)


async def test_a_battle_is_its_owners_alone_and_no_cancelling_ends_it_anew(
    ann: Client, ben: Client
) -> None:
    battle_id = (await _battle(ann))[0].json["battle_id"]
    vote = {"outcome": "tie"}
    assert (await ben.call("GET", f"{PATH}/{battle_id}"))[0] == 404
    assert (await ben.call("GET", f"{PATH}/{battle_id}/events"))[0] == 404
    assert (await ben.call("POST", f"{PATH}/{battle_id}/cancel"))[0] == 404
    assert (await ben.call("POST", f"{PATH}/{battle_id}/vote", json=vote))[0] == 404
    status, refused = await ann.call("POST", f"{PATH}/{battle_id}/vote", json={"outcome": "me"})
    assert (status, refused["error"]["param"]) == (400, "outcome")
    status, ended = await ann.call("POST", f"{PATH}/{battle_id}/cancel")
    assert (status, ended["status"], ended["sides"]["a"]["model"]) == (200, "ended", None)
    _, board = await ben.call("GET", "/arena/leaderboard")
    assert (board["data"], board["votes"]) == ([], 0)
