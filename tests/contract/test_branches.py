"""Branches of conversations over HTTP: shown, chosen, edited, cut off, forked, written on."""

from typing import Any

import pytest

from tests.contract.conversing import Client, SseEvent, text_of
from tests.upstreams import DONE, Upstream, chunk, hang, stream, text


async def _turn(client: Client, chat_id: str, **body: Any) -> list[SseEvent]:
    path = f"/conversations/{chat_id}/turns"
    return [event async for event in client.events("POST", path, json=body)]


async def _two_answers(ann: Client, upstream: Upstream) -> tuple[str, str, list[str]]:
    """A question with two answers: the conversation, the question, the answers."""
    upstream.answer("fast", text("first"), text("second"), text("more"))
    chat_id = await ann.new_chat(title="Talk")
    one = (await ann.ask(chat_id, "Why?"))[0].json
    two = (await _turn(ann, chat_id, parent_id=one["user_message_id"]))[0].json
    answers = [one["assistant_message_id"], two["assistant_message_id"]]
    return chat_id, one["user_message_id"], answers


async def _shown(client: Client, chat_id: str, **params: Any) -> list[str]:
    _, body = await client.call("GET", f"/conversations/{chat_id}/path", params=params)
    return [message["id"] for message in body["data"]]


async def test_a_branch_has_its_messages_with_their_alternatives(
    ann: Client, upstream: Upstream
) -> None:
    chat_id, question, answers = await _two_answers(ann, upstream)

    status, body = await ann.call("GET", f"/conversations/{chat_id}/path")

    assert (status, body["object"], body["has_earlier"]) == (200, "list", False)
    assert [(one["id"], one["siblings"]) for one in body["data"]] == [
        (question, [question]),
        (answers[1], answers),
    ]
    assert body["data"][1]["content"] == "second"
    assert body["data"][1]["usage"]["completion_tokens"] > 0
    assert await _shown(ann, chat_id, leaf_id=answers[0]) == [question, answers[0]]
    assert await _shown(ann, chat_id, through=question) == [question, answers[1]]
    _, cut = await ann.call("GET", f"/conversations/{chat_id}/path", params={"limit": 1})
    assert ([one["id"] for one in cut["data"]], cut["has_earlier"]) == ([answers[1]], True)


async def test_looking_leaves_and_choosing_changes_the_branch_that_is_shown_and_asked_on(
    ann: Client, upstream: Upstream
) -> None:
    chat_id, question, answers = await _two_answers(ann, upstream)

    await _shown(ann, chat_id, through=answers[0])
    assert await _shown(ann, chat_id) == [question, answers[1]]
    status, chosen = await ann.call(
        "PUT", f"/conversations/{chat_id}/path", json={"through": answers[0]}
    )

    assert (status, [one["id"] for one in chosen["data"]]) == (200, [question, answers[0]])
    assert await _shown(ann, chat_id) == [question, answers[0]]
    await ann.ask(chat_id, "And?")
    sent = upstream.last().json["messages"]
    assert [message["content"] for message in sent] == ["Why?", "first", "And?"]


async def test_a_message_is_read_and_edited(ann: Client, upstream: Upstream) -> None:
    chat_id, _, answers = await _two_answers(ann, upstream)
    path = f"/conversations/{chat_id}/messages/{answers[0]}"

    _, before = await ann.call("GET", path)
    status, edited = await ann.call("PATCH", path, json={"content": "zebra"})

    assert before["edited_at"] is None
    assert status == 200
    assert edited == before | {"content": "zebra", "edited_at": edited["edited_at"]}
    assert edited["edited_at"] >= edited["created_at"]
    assert (await ann.call("GET", path))[1] == edited
    _, found = await ann.call("GET", "/conversations", params={"q": "zebra"})
    assert [one["id"] for one in found["data"]] == [chat_id]


async def test_a_message_is_deleted_with_all_below(ann: Client, upstream: Upstream) -> None:
    chat_id, question, answers = await _two_answers(ann, upstream)
    await ann.ask(chat_id, "And?")
    path = f"/conversations/{chat_id}/messages/{answers[1]}"

    assert await ann.call("DELETE", path) == (
        200,
        {"id": answers[1], "object": "message.deleted", "deleted": True},
    )
    assert (await ann.call("DELETE", path))[0] == 404
    assert await _shown(ann, chat_id) == [question, answers[0]]


async def test_a_fork_is_a_conversation_of_its_own(ann: Client, upstream: Upstream) -> None:
    chat_id, _, answers = await _two_answers(ann, upstream)
    path = f"/conversations/{chat_id}/fork"

    status, whole = await ann.call("POST", path)
    _, first = await ann.call("POST", path, json={"message_id": answers[0], "title": "Mine"})

    assert (status, whole["title"], first["title"]) == (201, "Talk (fork)", "Mine")
    _, messages = await ann.call("GET", f"/conversations/{first['id']}/messages")
    assert [message["content"] for message in messages["data"]] == ["Why?", "first"]
    assert {message["conversation_id"] for message in messages["data"]} == {first["id"]}
    await ann.call("DELETE", f"/conversations/{chat_id}")
    assert len(await _shown(ann, whole["id"])) == 2


async def test_an_answer_that_was_cut_off_is_written_on(ann: Client, upstream: Upstream) -> None:
    upstream.answer(
        "fast", stream(chunk("half an", finish="length"), DONE), text(" answer. The end.")
    )
    chat_id = await ann.new_chat()
    started = (await ann.ask(chat_id))[0].json
    answer_id, turn_id = started["assistant_message_id"], started["turn_id"]

    events = await _turn(ann, chat_id, continue_id=answer_id, parameters={"temperature": 0})

    assert events[0].json == started
    assert text_of(events) == " answer. The end."
    assert events[-2].json == {"type": "finished", "status": "done", "finish_reason": "stop"}
    _, messages = await ann.call("GET", f"/conversations/{chat_id}/messages")
    assert messages["data"][-1]["content"] == "half an answer. The end."
    assert upstream.last().json["temperature"] == 0
    path = f"/turns/{turn_id}/events"
    resumed = [
        event
        async for event in ann.events("GET", path, headers={"Last-Event-ID": events[0].id or ""})
    ]
    assert text_of(resumed) == text_of(events)
    assert resumed[-2:] == events[-2:]
    assert text_of([e async for e in ann.events("GET", path)]) == "half an answer. The end."


async def test_a_cancelled_answer_is_written_on(ann: Client, upstream: Upstream) -> None:
    upstream.answer("fast", hang(*stream(chunk("half an"))(None)), text(" answer."))  # type: ignore[arg-type]  # reason: the request is not looked at
    chat_id = await ann.new_chat()
    events = ann.events("POST", f"/conversations/{chat_id}/turns", json={"content": "Hi"})
    started = (await anext(events)).json
    while (await anext(events)).json["type"] != "text_delta":
        pass
    answer_id = started["assistant_message_id"]
    path = f"/conversations/{chat_id}/turns"
    running, refusal = await ann.call("POST", path, json={"continue_id": answer_id})
    await ann.call("POST", f"/turns/{started['turn_id']}/cancel")

    assert (running, refusal["error"]["code"]) == (409, "turn_running")
    assert text_of(await _turn(ann, chat_id, continue_id=answer_id)) == " answer."


async def test_a_question_is_answered_again_by_another_model_with_other_parameters(
    ann: Client, upstream: Upstream
) -> None:
    upstream.answer("slow", text("slowly"))
    chat_id, question, answers = await _two_answers(ann, upstream)

    again = await _turn(
        ann,
        chat_id,
        parent_id=question,
        model="acme/slow",
        parameters={"temperature": 0, "seed": 7},
    )

    body = upstream.last().json
    assert (body["model"], body["temperature"], body["seed"]) == ("slow", 0, 7)
    assert await _shown(ann, chat_id) == [question, again[0].json["assistant_message_id"]]
    _, branch = await ann.call("GET", f"/conversations/{chat_id}/path")
    assert len(branch["data"][-1]["siblings"]) == len(answers) + 1
    assert branch["data"][-1]["model"] == "acme/slow"


async def test_while_an_answer_is_written_its_branch_is_left_alone(
    ann: Client, upstream: Upstream
) -> None:
    chat_id, question, answers = await _two_answers(ann, upstream)
    upstream.answer("fast", hang())
    events = ann.events("POST", f"/conversations/{chat_id}/turns", json={"content": "And?"})
    started = (await anext(events)).json
    root = f"/conversations/{chat_id}"

    for message_id in (question, answers[1], started["assistant_message_id"]):
        for method, body in (("PATCH", {"content": "x"}), ("DELETE", None)):
            status, answer = await ann.call(method, f"{root}/messages/{message_id}", json=body)
            assert (status, answer["error"]["code"]) == (409, "turn_running")
    assert (await ann.call("POST", f"{root}/fork"))[0] == 409
    assert (await ann.call("PATCH", f"{root}/messages/{answers[0]}", json={"content": "x"}))[
        0
    ] == 200


def _calls(chat_id: str, message_id: str) -> list[tuple[str, str, Any]]:
    root = f"/conversations/{chat_id}"
    return [
        ("GET", f"{root}/path?through={message_id}", None),
        ("GET", f"{root}/path?leaf_id={message_id}", None),
        ("PUT", f"{root}/path", {"through": message_id}),
        ("GET", f"{root}/messages/{message_id}", None),
        ("PATCH", f"{root}/messages/{message_id}", {"content": "Mine"}),
        ("DELETE", f"{root}/messages/{message_id}", None),
        ("POST", f"{root}/fork", {"message_id": message_id}),
        ("POST", f"{root}/turns", {"continue_id": message_id}),
    ]


async def test_another_persons_ids_and_rubbish_are_not_found(
    ann: Client, ben: Client, upstream: Upstream
) -> None:
    chat_id, _, answers = await _two_answers(ann, upstream)
    own = await ben.new_chat()
    _, before = await ann.call("GET", f"/conversations/{chat_id}/messages")
    calls = [*_calls(chat_id, answers[1]), ("GET", f"/conversations/{chat_id}/path", None)]
    calls += _calls(own, answers[1])
    for rubbish in ("%00", "%F0%9F%98%80", "x" * 5_000, "..%2F..", "1%20OR%201"):
        calls += _calls(own, rubbish)

    for method, path, body in calls:
        status, answer = await ben.call(method, path, json=body)
        assert (method, path[:90], status) == (method, path[:90], 404)
        assert answer["error"]["type"] == "not_found_error"

    assert (await ann.call("GET", f"/conversations/{chat_id}/messages"))[1] == before


@pytest.mark.parametrize(
    ("method", "path", "body", "param"),
    [
        ("GET", "path?limit=0", None, "limit"),
        ("GET", "path?limit=201", None, "limit"),
        ("GET", "path?leaf_id=a&through=b", None, "through"),
        ("PUT", "path", {}, "through"),
        ("PUT", "path", {"through": None}, "through"),
        ("PATCH", "messages/{answer}", {"content": ""}, "content"),
        ("PATCH", "messages/{answer}", {"content": 5}, "content"),
        ("PATCH", "messages/{answer}", {"content": "x", "role": "user"}, "role"),
        ("POST", "fork", {"title": " "}, "title"),
        ("POST", "fork", {"to": "me"}, "to"),
        ("POST", "turns", {"continue_id": "{answer}"}, "continue_id"),
        ("POST", "turns", {"continue_id": "{question}"}, "continue_id"),
        ("POST", "turns", {"continue_id": "{answer}", "content": "Hi"}, "continue_id"),
        ("POST", "turns", {"continue_id": "{answer}", "parent_id": "root"}, "continue_id"),
    ],
)
async def test_a_bad_call_is_a_400_that_names_the_field(
    ann: Client, method: str, path: str, body: dict[str, Any] | None, param: str
) -> None:
    chat_id = await ann.new_chat()
    started = (await ann.ask(chat_id))[0].json
    ids = {"answer": started["assistant_message_id"], "question": started["user_message_id"]}
    filled = body and {
        name: value.format(**ids) if isinstance(value, str) else value
        for name, value in body.items()
    }

    status, answer = await ann.call(
        method, f"/conversations/{chat_id}/{path.format(**ids)}", json=filled
    )

    assert (status, answer["error"]["param"]) == (400, param)
