"""/v1/custom-models over HTTP, as API.md promises it."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.loopback import NO_TLS
from tests.running import AppServer, key_of_new_user
from tests.upstreams import Upstream

PATH = "/v1/custom-models"
POET = {"id": "custom/poet", "baseModel": "acme/fast", "systemPrompt": "Rhyme."}
HI = [{"role": "user", "content": "Hi"}]


@pytest.fixture
async def callers(app_server: AppServer) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """`admin`, and two plain users."""
    keys = {"admin": app_server.key}
    for name in ("ann", "bob"):
        keys[name] = await key_of_new_user(app_server.portal, name)
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(
                httpx.AsyncClient(
                    verify=NO_TLS, base_url=app_server.url, headers={"x-api-key": key}, timeout=10
                )
            )
            for name, key in keys.items()
        }


Callers = dict[str, httpx.AsyncClient]


def error(answer: httpx.Response) -> tuple[int, str | None, str | None]:
    """Status, code and param; fails for another shape."""
    found = answer.json()["error"]
    assert set(found) == {"message", "type", "param", "code"}
    return answer.status_code, found["code"], found["param"]


async def chat(caller: httpx.AsyncClient, model: str = "custom/poet") -> httpx.Response:
    return await caller.post("/v1/chat/completions", json={"model": model, "messages": HI})


async def test_one_is_made_used_changed_and_removed(
    callers: Callers, upstream: Upstream, portal_config: Path
) -> None:
    ann = callers["ann"]
    made = await ann.post(PATH, json=POET | {"parameters": {"temperature": 0}, "name": "Poet"})
    assert made.status_code == 201
    assert (await chat(ann)).status_code == 200
    sent = upstream.last().json
    assert (sent["model"], sent["temperature"]) == ("fast", 0)
    assert sent["messages"][0] == {"role": "system", "content": "Rhyme."}
    assert (await ann.get(f"{PATH}/custom/poet")).json() == made.json()
    changed = await ann.put(f"{PATH}/custom/poet", json=POET | {"systemPrompt": "Sing."})
    assert changed.json()["systemPrompt"] == "Sing."
    await chat(ann)
    assert upstream.last().json["messages"][0]["content"] == "Sing."
    assert (portal_config / "models" / "custom" / "poet.json").exists()
    removed = await ann.delete(f"{PATH}/custom/poet")
    assert removed.json() == {
        "id": "custom/poet",
        "object": "custom_model.deleted",
        "deleted": True,
    }
    assert error(await chat(ann))[:2] == (404, "model_not_found")
    assert not (portal_config / "models" / "custom" / "poet.json").exists()


async def test_what_is_told_of_one_is_what_its_file_says(callers: Callers) -> None:
    made = (await callers["ann"].post(PATH, json=POET | {"tools": ["calculator"]})).json()
    owner = made.pop("owner")
    assert owner == (await callers["ann"].get("/api/auth/me")).json()["id"]
    assert made == POET | {
        "object": "custom_model",
        "name": "poet",
        "description": "",
        "parameters": {},
        "tools": ["calculator"],
        "webSearch": False,
        "shared": False,
    }


@pytest.mark.parametrize("base", ["/v1/custom-models", "/api/v1/custom-models"])
@pytest.mark.parametrize("name", ["custom/poet", "custom%2Fpoet", "poet"])
async def test_another_users_is_not_found(callers: Callers, base: str, name: str) -> None:
    await callers["ann"].post(PATH, json=POET)
    path = f"{base}/{name}"
    for caller, status in (("bob", 404), ("admin", 200), ("ann", 200)):
        assert (await callers[caller].get(path)).status_code == status
    assert error(await callers["bob"].put(path, json=POET))[0] == 404
    assert error(await callers["bob"].delete(path))[0] == 404
    assert error(await chat(callers["bob"]))[:2] == (404, "model_not_found")
    for listing in (base, "/v1/models"):
        listed = (await callers["bob"].get(listing)).json()["data"]
        assert "custom/poet" not in {one["id"] for one in listed}


async def test_a_shared_one_is_used_by_all_and_changed_by_its_owner_and_administrators(
    callers: Callers,
) -> None:
    await callers["ann"].post(PATH, json=POET | {"shared": True})
    path = f"{PATH}/custom/poet"
    assert (await callers["bob"].get(path)).status_code == 200
    assert (await chat(callers["bob"])).status_code == 200
    assert error(await callers["bob"].put(path, json=POET))[0] == 403
    assert error(await callers["bob"].delete(path))[0] == 403
    assert (await callers["admin"].put(path, json=POET)).json()["owner"] is not None
    assert (await callers["bob"].get(path)).status_code == 404
    assert (await callers["admin"].delete(path)).status_code == 200


async def test_an_id_that_there_is_is_a_conflict(callers: Callers) -> None:
    await callers["ann"].post(PATH, json=POET)
    assert error(await callers["bob"].post(PATH, json=POET)) == (409, "conflict", "id")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"id": "custom/../../config"}, "id"),
        ({"id": "acme/fast"}, "id"),
        ({"id": 7}, "id"),
        ({"baseModel": "acme/none"}, "baseModel"),
        ({"baseModel": None}, "baseModel"),
        ({"systemPrompt": "a" * 100_001}, "systemPrompt"),
        ({"parameters": []}, "parameters"),
        ({"parameters": {"model": "acme/slow"}}, "parameters"),
        ({"owner": "me"}, "owner"),
        ({"shared": "maybe"}, "shared"),
    ],
)
async def test_a_bad_field_is_named(callers: Callers, fields: dict[str, Any], param: str) -> None:
    refused = error(await callers["ann"].post(PATH, json=POET | fields))
    assert refused == (400, "invalid_request", param)


async def test_a_model_that_the_caller_may_not_use_is_no_base(
    callers: Callers, app_server: AppServer, portal_config: Path
) -> None:
    staff = {"id": "acme/staff", "provider": "acme", "access": {"roles": ["admin"]}}
    (portal_config / "models" / "acme" / "staff.json").write_text(json.dumps(staff))
    await callers["admin"].post("/v1/routerbox/reload")
    on_staff = POET | {"baseModel": "acme/staff", "shared": True}
    assert error(await callers["ann"].post(PATH, json=on_staff)) == (
        400,
        "invalid_request",
        "baseModel",
    )
    assert (await callers["admin"].post(PATH, json=on_staff)).status_code == 201
    assert error(await chat(callers["ann"]))[0] == 404


async def test_the_list_has_pages(callers: Callers) -> None:
    for name in ("a", "b", "c"):
        await callers["ann"].post(PATH, json=POET | {"id": f"custom/{name}"})
    first = (await callers["ann"].get(PATH, params={"limit": 2})).json()
    assert ([one["id"] for one in first["data"]], first["has_more"]) == (
        ["custom/a", "custom/b"],
        True,
    )
    rest = (await callers["ann"].get(PATH, params={"after": "custom/b"})).json()
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == (["custom/c"], False)


async def test_a_key_that_is_limited_to_other_models_makes_none(
    callers: Callers, app_server: AppServer
) -> None:
    body = {"name": "limited", "models": ["acme/slow"]}
    key = (await callers["ann"].post("/api/auth/keys", json=body)).json()["key"]
    headers = {"x-api-key": key}
    assert error(await callers["ann"].post(PATH, json=POET, headers=headers))[0] == 403
