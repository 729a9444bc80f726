"""What users arrange over HTTP: lists, searches, projects, many at once, the trash."""

from typing import Any

import pytest

from tests.contract.conversing import Client
from tests.upstreams import Upstream, text


async def test_a_search_says_where_the_words_stand(ann: Client, upstream: Upstream) -> None:
    upstream.answer("fast", text("Blue <b>whales</b> are large."))
    chat_id = await ann.new_chat(title="On whales")
    events = await ann.ask(chat_id, "How large?")

    _, found = await ann.call("GET", "/conversations", params={"q": "whale"})
    _, listed = await ann.call("GET", "/conversations")

    (chat,) = found["data"]
    in_title, in_answer = chat["matches"]
    assert in_title == {"message_id": None, "snippet": "On whales", "spans": [[3, 9]]}
    assert in_answer["message_id"] == events[0].json["assistant_message_id"]
    assert in_answer["snippet"] == "Blue <b>whales</b> are large."
    assert in_answer["spans"] == [[8, 14]]
    assert listed["data"][0]["matches"] == []


async def test_a_conversation_is_arranged_with_patch(ann: Client) -> None:
    _, project = await ann.call("POST", "/projects", json={"name": "Garden"})
    chat_id = await ann.new_chat(project_id=project["id"])
    path = f"/conversations/{chat_id}"

    _, changed = await ann.call(
        "PATCH", path, json={"pinned": True, "archived": True, "tags": ["a", "A", "b"]}
    )
    assert (changed["pinned"], changed["archived"], changed["tags"]) == (True, True, ["a", "b"])
    assert changed["project_id"] == project["id"]
    _, taken_out = await ann.call("PATCH", path, json={"project_id": None, "pinned": False})
    assert (taken_out["project_id"], taken_out["pinned"]) == (None, False)
    assert taken_out["archived"] is True


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["c", "b"]),
        ({"archived": "true"}, ["a"]),
        ({"archived": "false"}, ["c", "b"]),
        ({"pinned": "true"}, ["b"]),
        ({"pinned": "false"}, ["c"]),
        ({"tag": "x"}, ["c"]),
        ({"tag": "nowhere"}, []),
        ({"project": "PROJECT"}, ["b"]),
        ({"folder": "PROJECT"}, ["b"]),
        ({"project": "PROJECT", "q": "b"}, ["b"]),
        ({"project": "PROJECT", "q": "c"}, []),
    ],
)
async def test_lists_are_narrowed(ann: Client, query: dict[str, str], found: list[str]) -> None:
    _, project = await ann.call("POST", "/projects", json={"name": "Garden"})
    a, b, c = [await ann.new_chat(title=title) for title in "abc"]
    await ann.call("PATCH", f"/conversations/{a}", json={"archived": True})
    await ann.call(
        "PATCH", f"/conversations/{b}", json={"pinned": True, "project_id": project["id"]}
    )
    await ann.call("PATCH", f"/conversations/{c}", json={"tags": ["x"]})
    named = {key: project["id"] if value == "PROJECT" else value for key, value in query.items()}

    status, page = await ann.call("GET", "/conversations", params=named)

    assert status == 200
    assert [one["title"] for one in page["data"]] == found


async def test_a_project_is_made_read_changed_and_deleted(ann: Client) -> None:
    new = {"name": "Garden", "instructions": "Talk of plants.", "model": "acme/slow"}
    status, made = await ann.call("POST", "/projects", json=new)
    path = f"/projects/{made['id']}"
    assert status == 201
    assert made | {"id": "", "created_at": "", "updated_at": ""} == new | {
        "id": "",
        "object": "project",
        "created_at": "",
        "updated_at": "",
    }
    assert (await ann.call("GET", path))[1] == made
    _, changed = await ann.call("PATCH", path, json={"name": "Yard", "model": None})
    assert (changed["name"], changed["model"]) == ("Yard", None)
    assert (await ann.call("GET", "/projects"))[1]["data"] == [changed]
    assert await ann.call("DELETE", path) == (
        200,
        {"id": made["id"], "object": "project.deleted", "deleted": True},
    )
    assert (await ann.call("GET", path))[0] == 404


async def test_a_projects_instructions_and_model_reach_the_upstream(
    ann: Client, upstream: Upstream
) -> None:
    new = {"name": "Garden", "instructions": "Talk of plants.", "model": "acme/slow"}
    _, project = await ann.call("POST", "/projects", json=new)
    chat_id = await ann.new_chat(project_id=project["id"], system_prompt="Be brief.")

    await ann.ask(chat_id)

    sent = upstream.last().json
    assert sent["model"] == "slow"
    assert sent["messages"][0] == {"role": "system", "content": "Talk of plants.\n\nBe brief."}


async def test_many_are_deleted_and_restored(ann: Client) -> None:
    ids = [await ann.new_chat(title=title) for title in "abc"]
    bulk = "/conversations/bulk"

    status, done = await ann.call("POST", bulk, json={"ids": ids[:2], "action": "delete"})
    assert (status, done) == (
        200,
        {"object": "conversation.bulk", "action": "delete", "ids": ids[:2]},
    )
    assert [one["id"] for one in (await ann.call("GET", "/conversations"))[1]["data"]] == [ids[2]]
    assert (await ann.call("GET", f"/conversations/{ids[0]}/messages"))[0] == 404
    status, back = await ann.call("POST", f"/conversations/{ids[0]}/restore")
    assert (status, back["id"], back["title"]) == (200, ids[0], "a")
    await ann.call("POST", bulk, json={"ids": ids[:2], "action": "restore"})
    assert len((await ann.call("GET", "/conversations"))[1]["data"]) == 3


@pytest.mark.parametrize(
    ("method", "path", "body", "param"),
    [
        ("POST", "/conversations/bulk", {"ids": [], "action": "pin"}, "ids"),
        ("POST", "/conversations/bulk", {"ids": ["x"] * 1_001, "action": "pin"}, "ids"),
        ("POST", "/conversations/bulk", {"ids": ["CHAT"], "action": "burn"}, "action"),
        ("POST", "/conversations/bulk", {"ids": ["CHAT"], "action": "tag"}, "tags"),
        ("POST", "/conversations/bulk", {"ids": "CHAT", "action": "pin"}, "ids"),
        ("POST", "/conversations/bulk", {"ids": [1], "action": "pin"}, "ids.0"),
        ("PATCH", "/conversations/CHAT", {"tags": [""]}, "tags"),
        ("PATCH", "/conversations/CHAT", {"tags": "x"}, "tags"),
        ("PATCH", "/conversations/CHAT", {"pinned": "maybe"}, "pinned"),
        ("POST", "/projects", {"name": " "}, "name"),
        ("POST", "/projects", {}, "name"),
        ("POST", "/projects", {"name": "x", "files": []}, "files"),
        ("GET", "/conversations?archived=maybe", None, "archived"),
        ("GET", "/conversations?limit=0", None, "limit"),
        ("GET", "/projects?limit=201", None, "limit"),
        ("GET", f"/conversations?tag={'x' * 51}", None, "tag"),
    ],
)
async def test_rubbish_is_a_400_that_names_the_field(
    ann: Client, method: str, path: str, body: dict[str, Any] | None, param: str
) -> None:
    chat_id = await ann.new_chat()
    if body is not None and body.get("ids") == ["CHAT"]:
        body = body | {"ids": [chat_id]}

    status, answer = await ann.call(method, path.replace("CHAT", chat_id), json=body)

    assert (status, answer["error"]["type"]) == (400, "invalid_request_error")
    assert answer["error"]["param"] == param


async def test_every_route_refuses_another_persons_ids_as_not_found(
    ann: Client, ben: Client
) -> None:
    _, project = await ann.call("POST", "/projects", json={"name": "Private"})
    chat_id = await ann.new_chat(title="Private", project_id=project["id"])
    own = await ben.new_chat()
    calls: list[tuple[str, str, Any]] = [
        ("POST", "/conversations/bulk", {"ids": [own, chat_id], "action": "delete"}),
        ("POST", "/conversations/bulk", {"ids": [own, chat_id], "action": "tag", "tags": ["x"]}),
        (
            "POST",
            "/conversations/bulk",
            {"ids": [own], "action": "move", "project_id": project["id"]},
        ),
        ("POST", f"/conversations/{chat_id}/restore", None),
        ("PATCH", f"/conversations/{own}", {"project_id": project["id"]}),
        ("POST", "/conversations", {"project_id": project["id"]}),
        ("GET", f"/conversations?project={project['id']}", None),
        ("GET", f"/projects/{project['id']}", None),
        ("PATCH", f"/projects/{project['id']}", {"name": "Mine"}),
        ("DELETE", f"/projects/{project['id']}", None),
        ("GET", f"/projects?after={project['id']}", None),
    ]

    for method, path, body in calls:
        status, answer = await ben.call(method, path, json=body)
        assert (method, path, status) == (method, path, 404)
        assert answer["error"]["type"] == "not_found_error"

    _, kept = await ann.call("GET", f"/conversations/{chat_id}")
    assert (kept["title"], kept["project_id"]) == ("Private", project["id"])
    _, mine = await ben.call("GET", f"/conversations/{own}")
    assert (mine["project_id"], mine["tags"]) == (None, [])
    assert (await ben.call("GET", "/projects"))[1]["data"] == []
