"""Conversations and turns over HTTP, as API.md promises them."""

from typing import Any

import pytest

from tests.contract.conversing import Client, SseEvent, text_of
from tests.upstreams import DONE, Gate, Upstream, chunk, hang, stream, text


async def test_a_conversation_is_made_read_changed_and_deleted(ann: Client) -> None:
    chat_id = await ann.new_chat(system_prompt="Brief.", parameters={"temperature": 0})
    path = f"/conversations/{chat_id}"

    _, changed = await ann.call("PATCH", path, json={"title": "Sums", "model": "acme/slow"})
    _, cleared = await ann.call("PATCH", path, json={"model": None})
    _, read = await ann.call("GET", path)
    assert (changed["title"], changed["model"]) == ("Sums", "acme/slow")
    assert read == cleared
    assert read | {"created_at": "", "updated_at": ""} == {
        "id": chat_id,
        "object": "conversation",
        "title": "Sums",
        "model": None,
        "system_prompt": "Brief.",
        "parameters": {"temperature": 0},
        "project_id": None,
        "pinned": False,
        "archived": False,
        "tags": [],
        "web_search": False,
        "created_at": "",
        "updated_at": "",
    }

    assert await ann.call("DELETE", path) == (
        200,
        {"id": chat_id, "object": "conversation.deleted", "deleted": True},
    )
    assert (await ann.call("GET", path))[0] == 404


async def test_the_list_pages_and_searches(ann: Client) -> None:
    ids = [await ann.new_chat(title=f"Talk {number}") for number in range(3)]

    _, first = await ann.call("GET", "/conversations", params={"limit": 2})
    after = first["data"][-1]["id"]
    _, second = await ann.call("GET", "/conversations", params={"limit": 2, "after": after})
    _, found = await ann.call("GET", "/conversations", params={"q": '"talk 1'})

    assert [item["id"] for item in first["data"] + second["data"]] == ids[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert [item["id"] for item in found["data"]] == [ids[1]]


async def test_a_turn_streams_numbered_events_and_is_stored(
    ann: Client, upstream: Upstream
) -> None:
    upstream.answer("fast", text("It is Paris."))
    chat_id = await ann.new_chat()

    events = await ann.ask(chat_id, "Capital of France?")
    _, messages = await ann.call("GET", f"/conversations/{chat_id}/messages")

    *numbered, done = events
    assert done == SseEvent(None, "[DONE]")
    assert numbered[0].json["type"] == "turn"
    assert numbered[0].json["turn_id"]
    numbers = [int(event.id or 0) for event in numbered]
    assert numbers == sorted(set(numbers))
    assert text_of(events) == "It is Paris."
    assert [event.json["type"] for event in numbered[-2:]] == ["usage", "finished"]
    question, answer = messages["data"]
    assert (question["content"], question["parent_id"]) == ("Capital of France?", None)
    assert (answer["content"], answer["parent_id"]) == ("It is Paris.", question["id"])
    assert (answer["status"], answer["usage"]["completion_tokens"]) == ("done", 4)
    assert answer["cost_usd"] > 0


async def test_the_usage_row_has_the_id_of_the_response(ann: Client) -> None:
    path = f"{ann.url}/conversations/{await ann.new_chat()}/turns"
    async with ann.session.post(path, headers=ann.headers, json={"content": "Hi"}) as answer:
        await answer.read()

    _, usage = await ann.call("GET", "/usage")
    assert [row["request_id"] for row in usage["data"]] == [answer.headers["x-request-id"]]


async def test_hanging_up_leaves_the_turn_running_and_it_can_be_resumed(
    ann: Client, upstream: Upstream
) -> None:
    gate = Gate()
    upstream.answer("fast", stream(chunk("one"), gate, chunk(" two", finish="stop"), DONE))
    chat_id = await ann.new_chat()
    events = ann.events("POST", f"/conversations/{chat_id}/turns", json={"content": "Count"})
    turn_id = (await anext(events)).json["turn_id"]
    while (last := await anext(events)).json["type"] != "text_delta":
        pass
    await events.aclose()  # type: ignore[attr-defined]  # reason: it is an asynchronous generator
    gate.open()

    path = f"/turns/{turn_id}/events"
    resumed = [e async for e in ann.events("GET", path, headers={"Last-Event-ID": last.id})]
    whole = [e async for e in ann.events("GET", path)]

    assert text_of(resumed) == " two"
    assert text_of(whole) == "one two"
    assert resumed[-2:] == whole[-2:]
    for event in whole[:-1]:
        again = [e async for e in ann.events("GET", path, headers={"Last-Event-ID": event.id})]
        assert again == whole[whole.index(event) + 1 :]


async def test_cancel_by_id_stops_the_upstream(ann: Client, upstream: Upstream) -> None:
    upstream.answer("fast", hang())
    chat_id = await ann.new_chat()
    events = ann.events("POST", f"/conversations/{chat_id}/turns", json={"content": "Hi"})
    turn_id = (await anext(events)).json["turn_id"]
    await upstream.arrival()

    status, body = await ann.call("POST", f"/turns/{turn_id}/cancel")

    assert (status, body) == (200, {"id": turn_id, "object": "turn", "status": "cancelled"})
    await upstream.last().closed.arrival(1)
    rest = [event async for event in events]
    assert rest[-2].json == {"type": "finished", "status": "cancelled", "finish_reason": None}
    assert rest[-1].data == "[DONE]"


async def test_a_question_is_answered_again_with_parent_id_alone(
    ann: Client, upstream: Upstream
) -> None:
    upstream.answer("fast", text("first"), text("second"))
    chat_id = await ann.new_chat()
    started = (await ann.ask(chat_id))[0].json

    path, body = f"/conversations/{chat_id}/turns", {"parent_id": started["user_message_id"]}
    again = [event async for event in ann.events("POST", path, json=body)]

    assert text_of(again) == "second"
    _, messages = await ann.call("GET", f"/conversations/{chat_id}/messages")
    assert [message["content"] for message in messages["data"]] == ["Hi", "first", "second"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"content": ""}, "content"),
        ({}, "content"),
        ({"content": 5}, "content"),
        ({"content": "Hi", "parameters": {"top_k": 1}}, "parameters.top_k"),
        ({"content": "Hi", "web_search": {"n": 1}}, "web_search.n"),
    ],
)
async def test_a_bad_turn_is_a_400_that_names_the_field(
    ann: Client, body: dict[str, Any], param: str
) -> None:
    chat_id = await ann.new_chat()

    status, answer = await ann.call("POST", f"/conversations/{chat_id}/turns", json=body)

    assert status == 400
    assert answer["error"]["type"] == "invalid_request_error"
    assert answer["error"]["param"] == param


async def test_a_second_turn_at_once_is_a_conflict(ann: Client, upstream: Upstream) -> None:
    upstream.answer("fast", hang())
    chat_id = await ann.new_chat()
    path, body = f"/conversations/{chat_id}/turns", {"content": "Hi"}
    events = ann.events("POST", path, json=body)
    await anext(events)

    status, answer = await ann.call("POST", path, json=body)

    assert (status, answer["error"]["code"]) == (409, "turn_running")


async def test_every_route_refuses_another_persons_ids_as_not_found(
    ann: Client, ben: Client
) -> None:
    chat_id = await ann.new_chat(title="Private")
    turn_id = (await ann.ask(chat_id))[0].json["turn_id"]
    calls: list[tuple[str, str, Any]] = [
        ("GET", f"/conversations/{chat_id}", None),
        ("PATCH", f"/conversations/{chat_id}", {"title": "Mine"}),
        ("DELETE", f"/conversations/{chat_id}", None),
        ("GET", f"/conversations/{chat_id}/messages", None),
        ("GET", f"/conversations/{chat_id}/export.md", None),
        ("GET", f"/conversations/{chat_id}/export.json", None),
        ("GET", f"/conversations?after={chat_id}", None),
        ("POST", f"/conversations/{chat_id}/turns", {"content": "Hi"}),
        ("GET", f"/turns/{turn_id}/events", None),
        ("POST", f"/turns/{turn_id}/cancel", None),
    ]

    for method, path, body in calls:
        status, answer = await ben.call(method, path, json=body)
        assert (method, path, status) == (method, path, 404)
        assert answer["error"]["type"] == "not_found_error"

    assert (await ann.call("GET", f"/conversations/{chat_id}"))[1]["title"] == "Private"
    assert (await ben.call("GET", "/conversations"))[1]["data"] == []


async def test_a_wrong_event_number_is_a_400(ann: Client) -> None:
    turn_id = (await ann.ask(await ann.new_chat()))[0].json["turn_id"]
    ann.headers = ann.headers | {"Last-Event-ID": "yesterday"}

    assert (await ann.call("GET", f"/turns/{turn_id}/events"))[0] == 400
