"""Comparisons over HTTP: several models answer one question, one answer is gone on with."""

from typing import Any

import pytest

from tests.contract.conversing import Client, SseEvent
from tests.running import AppServer
from tests.upstreams import Upstream, hang, text

BOTH = ["acme/fast", "acme/slow"]


async def _compare(client: Client, chat_id: str, **body: Any) -> list[SseEvent]:
    path = f"/conversations/{chat_id}/comparisons"
    whole = {"content": "Why?", "models": BOTH} | body
    return [event async for event in client.events("POST", path, json=whole)]


async def test_all_answers_come_in_one_stream_each_event_with_its_turn(
    ann: Client, app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", text("one two"))
    upstream.answer("slow", text("three four"))
    chat_id = await ann.new_chat()

    *events, done = await _compare(ann, chat_id, parameters={"temperature": 0})

    assert done.data == "[DONE]"
    bodies = [event.json for event in events]
    first, second = bodies[:2]
    assert [(one["type"], one["model"]) for one in (first, second)] == [
        ("turn", "acme/fast"),
        ("turn", "acme/slow"),
    ]
    assert first["user_message_id"] == second["user_message_id"]
    for started, words in ((first, "one two"), (second, "three four")):
        mine = [one for one in bodies if one["turn_id"] == started["turn_id"]]
        assert "".join(one.get("text", "") for one in mine) == words
        assert [one["type"] for one in mine[-2:]] == ["usage", "finished"]
        again = f"/turns/{started['turn_id']}/events"
        last = [one for one in events if one.json["turn_id"] == started["turn_id"]][-1].id
        replayed = [event async for event in ann.events("GET", again)]
        assert replayed[-2].id == last
    assert [request.json["temperature"] for request in upstream.requests] == [0, 0]
    rows = await app_server.rows(2)
    used = {one["request_id"] for one in bodies if one["type"] == "usage"}
    assert {row.request_id for row in rows} == used


async def test_one_answer_is_chosen_and_the_branch_goes_on(ann: Client, upstream: Upstream) -> None:
    upstream.answer("fast", text("one"), text("on"))
    chat_id = await ann.new_chat()
    first, second = [event.json for event in (await _compare(ann, chat_id))[:2]]
    chosen = first["assistant_message_id"]

    status, path = await ann.call(
        "POST", f"/conversations/{chat_id}/comparisons/choose", json={"message_id": chosen}
    )

    assert (status, [one["id"] for one in path["data"]]) == (
        200,
        [first["user_message_id"], chosen],
    )
    assert path["data"][1]["siblings"] == [chosen, second["assistant_message_id"]]
    await ann.ask(chat_id, "And?")
    assert upstream.last().json["model"] == "fast"
    assert [one["content"] for one in upstream.last().json["messages"]] == ["Why?", "one", "And?"]


async def test_a_caller_that_leaves_ends_nothing_and_all_are_cancelled_by_one_call(
    ann: Client, upstream: Upstream
) -> None:
    upstream.answer("fast", hang())
    upstream.answer("slow", hang())
    chat_id = await ann.new_chat()
    path = f"/conversations/{chat_id}/comparisons"
    body = {"content": "Why?", "models": BOTH}
    started = []
    async for event in ann.events("POST", path, json=body):
        started.append(event.json["turn_id"])
        if len(started) == 2:
            break
    assert (await ann.call("POST", path, json=body))[0] == 409

    status, ended = await ann.call("POST", f"{path}/cancel")

    assert status == 200
    assert ended["object"] == "list"
    assert [(one["id"], one["status"]) for one in ended["data"]] == [
        (turn_id, "cancelled") for turn_id in started
    ]
    assert (await ann.call("POST", f"{path}/cancel"))[1]["data"] == []


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"models": ["acme/fast"]}, 400, "models"),
        ({"models": [*BOTH, "a/b", "a/c", "a/d"]}, 400, "models"),
        ({"models": ["acme/fast", "acme/fast"]}, 400, "models"),
        ({"models": ["acme/fast", "acme/none"]}, 404, "model"),
        ({"models": "acme/fast"}, 400, "models"),
        ({"parent_id": "msg_none"}, 404, "parent_id"),
        ({"temperature": 1}, 400, "temperature"),
    ],
)
async def test_a_comparison_is_refused_whole(
    ann: Client, upstream: Upstream, body: dict[str, Any], status: int, param: str
) -> None:
    chat_id = await ann.new_chat()
    path = f"/conversations/{chat_id}/comparisons"
    got, answer = await ann.call("POST", path, json={"content": "Why?", "models": BOTH} | body)
    assert (got, answer["error"]["param"]) == (status, param)
    assert (await ann.call("GET", f"/conversations/{chat_id}/messages"))[1]["data"] == []
    assert upstream.requests == []


async def test_another_persons_comparison_is_not_there(ann: Client, ben: Client) -> None:
    chat_id = await ann.new_chat()
    first = (await _compare(ann, chat_id))[0].json
    path = f"/conversations/{chat_id}/comparisons"
    choice = {"message_id": first["assistant_message_id"]}
    for where, body in (
        (path, {"content": "Why?", "models": BOTH}),
        (f"{path}/choose", choice),
        (f"{path}/cancel", None),
    ):
        assert (await ben.call("POST", where, json=body))[0] == 404
