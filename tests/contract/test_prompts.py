"""The prompt library: one's own prompts, those that an administrator shares, and nobody else's."""

from typing import Any

import pytest

from tests.contract.conversing import Client


async def _add(client: Client, command: str, **fields: object) -> dict[str, Any]:
    body = {"command": command, "content": "Hello {{name:you}}"} | fields
    status, prompt = await client.call("POST", "/prompts", json=body)
    assert status == 201, prompt
    return prompt


async def _commands(client: Client, query: str = "") -> list[str]:
    _, body = await client.call("GET", f"/prompts{query}")
    return [one["command"] for one in body["data"]]


async def test_a_prompt_is_kept_changed_and_deleted(ann: Client) -> None:
    made = await _add(ann, "/Say Hello", title=" A  greeting ")
    assert (made["command"], made["title"]) == ("say-hello", "A greeting")
    assert (made["mine"], made["shared"]) == (True, False)
    path = f"/prompts/{made['id']}"
    _, changed = await ann.call("PATCH", path, json={"content": "Bye"})
    assert (changed["content"], changed["command"]) == ("Bye", "say-hello")
    assert (await ann.call("GET", path))[1] == changed
    assert (await ann.call("DELETE", path))[0] == 200
    assert (await ann.call("GET", path))[0] == 404


async def test_prompts_are_listed_by_command_and_found(ann: Client) -> None:
    for command, title in (("b", "Bee"), ("a", "Ape"), ("c", "Bear")):
        await _add(ann, command, title=title)
    assert await _commands(ann) == ["a", "b", "c"]
    assert await _commands(ann, "?q=BE") == ["b", "c"]
    _, first = await ann.call("GET", "/prompts?limit=2")
    assert first["has_more"] is True
    assert await _commands(ann, f"?limit=2&after={first['data'][1]['id']}") == ["c"]


async def test_only_shared_prompts_are_seen_by_others(ann: Client, ben: Client) -> None:
    mine = await _add(ben, "mine")
    shared = await _add(ann, "shared", shared=True)
    private = await _add(ann, "private")

    assert await _commands(ben) == ["mine", "shared"]
    assert await _commands(ann) == ["private", "shared"]
    assert (await ben.call("GET", f"/prompts/{shared['id']}"))[1]["mine"] is False
    for method, options in (("GET", {}), ("PATCH", {"json": {"title": "x"}}), ("DELETE", {})):
        assert (await ben.call(method, f"/prompts/{private['id']}", **options))[0] == 404
        assert (await ann.call(method, f"/prompts/{mine['id']}", **options))[0] == 404
    for method, options in (("PATCH", {"json": {"title": "x"}}), ("DELETE", {})):
        status, body = await ben.call(method, f"/prompts/{shared['id']}", **options)
        assert (status, body["error"]["type"]) == (403, "permission_error")
    status, _ = await ben.call("PATCH", f"/prompts/{mine['id']}", json={"shared": True})
    assert status == 403
    await ann.call("PATCH", f"/prompts/{shared['id']}", json={"shared": False})
    assert await _commands(ben) == ["mine"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"command": ""}, 400),
        ({"command": "a" * 51}, 400),
        ({"command": "ä"}, 400),
        ({"command": "../x"}, 400),
        ({"command": "taken"}, 409),
        ({"content": ""}, 400),
        ({"content": "a" * 20_001}, 400),
        ({"content": "\ud800"}, 400),
        ({"title": "a" * 101}, 400),
        ({"extra": 1}, 400),
    ],
)
async def test_prompts_are_bounded(ann: Client, fields: dict[str, object], status: int) -> None:
    await _add(ann, "taken")
    body = {"command": "new", "content": "Hi"} | fields

    found, answer = await ann.call("POST", "/prompts", json=body)

    assert (found, bool(answer["error"]["message"])) == (status, True)
