"""One's own data over HTTP: all of it in one archive, and the end of it."""

import io
import json
import zipfile
from collections.abc import AsyncIterator

import httpx
import pytest

from aiportal.accounts import COOKIE_NAME
from aiportal.principal import Principal
from tests.contract.conversing import Client
from tests.contract.test_auth_routes import assert_error
from tests.loopback import NO_TLS
from tests.running import AppServer

PASSWORD = "Tr0ub4dor&3"
LONG_TEXT = "moth " * 300_000  # more than is read at once


@pytest.fixture
async def mei(app_server: AppServer) -> Principal:
    """A plain user with a password."""
    operator = await app_server.portal.users.operator()
    user = await app_server.portal.users.create(operator, username="mei", password=PASSWORD)
    return Principal(user_id=user.id, username=user.username, role=user.role)


@pytest.fixture
async def browser(app_server: AppServer, mei: Principal) -> AsyncIterator[httpx.AsyncClient]:
    """Mei's, signed in."""
    cookie = await app_server.portal.sessions.create(mei.user_id, user_agent="Firefox")
    headers = {"Cookie": f"{COOKIE_NAME}={cookie}", "Origin": app_server.url}
    async with httpx.AsyncClient(verify=NO_TLS, base_url=app_server.url, headers=headers) as client:
        yield client


async def filled(app_server: AppServer, mei: Principal, http: httpx.AsyncClient) -> str:
    """Give mei something of everything, of which one chat lies in the trash; a key of hers."""
    portal = app_server.portal
    operator = await portal.users.operator()
    await portal.groups.create(operator, name="Gardeners", members=[mei.username])
    for title in ("Whales", "Moths"):
        chat = await portal.conversations.create(mei, title=title)
    started = await portal.turns.start(mei, chat.id, content="Do moths sleep?")
    async for _ in portal.turns.follow(mei, started.turn_id):
        pass
    lost = await portal.conversations.create(mei, title="Lost")
    await portal.conversations.delete(mei, lost.id)
    garden = await portal.projects.create(mei, name="Garden", instructions="Talk of plants.")
    await portal.preferences.replace(mei, {"look": {"theme": "dark"}})
    made = await http.post("/api/auth/keys", json={"name": "laptop"})
    await add_belongings(app_server, mei, http)
    for file in (await portal.attachments.list(mei)).data[1:]:
        await portal.project_files.add(mei, garden.id, file.id)
    model = {"name": "Mine", "baseModel": "acme/fast"}
    assert (await http.post("/api/v1/custom-models", json=model)).status_code == 201
    return str(made.json()["key"])


async def add_belongings(app_server: AppServer, mei: Principal, http: httpx.AsyncClient) -> None:
    """Two files of one name, a prompt beside a shared one, two battles, a stored response, a rating."""
    portal = app_server.portal
    for content in (b"Feed the moths.", LONG_TEXT.encode()):
        upload = {"file": ("list.txt", content, "text/plain")}
        assert (await http.post("/api/v1/attachments", files=upload)).status_code == 201
    await portal.prompts.create(mei, command="brief", content="Be brief about {{it}}.")
    operator = await portal.users.operator()
    await portal.prompts.create(operator, command="all", content="For all", is_shared=True)
    for question in ("Voted on?", "Still blind?"):
        battle_id = await portal.arena.start(mei, content=question)
        async for _ in portal.arena.follow(mei, battle_id):
            pass
        if question == "Voted on?":
            await portal.arena.vote(mei, battle_id, "a")
    body = {"model": "acme/fast", "input": "Remember this."}
    assert (await http.post("/v1/responses", json=body)).status_code == 200
    [moths] = (await portal.conversations.list(mei, q="moths")).data
    answer = (await portal.conversations.messages(mei, moths.id))[-1]
    await portal.ratings.put(mei, answer.id, value="good", comment="Well said")


async def rows_of(app_server: AppServer, table: str, user_id: str) -> int:
    sql = f"SELECT count(*) FROM {table} WHERE user_id = ?"
    return await app_server.portal.database.read(
        lambda database: int(database.execute(sql, (user_id,)).fetchone()[0])
    )


async def all_rows(app_server: AppServer, table: str) -> int:
    return await app_server.portal.database.read(lambda database: database.table(table).count)


async def tables_of_users(app_server: AppServer) -> set[str]:
    """All that have a column `user_id`."""
    sql = """
    SELECT t.name FROM sqlite_master t, pragma_table_info(t.name) c
    WHERE t.type = 'table' AND c.name = 'user_id'
    """
    return await app_server.portal.database.read(
        lambda database: {row[0] for row in database.execute(sql).fetchall()}
    )


async def test_an_archive_holds_all_of_mine_and_nothing_secret(
    app_server: AppServer, mei: Principal, browser: httpx.AsyncClient, ann: Client
) -> None:
    await ann.new_chat(title="The admin's")
    key = await filled(app_server, mei, browser)
    answer = await browser.get("/api/auth/export.zip")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert 'filename="ai-portal-data.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    attached = {name: text for name, text in files.items() if "attachments/file_" in name}
    assert sorted(attached.values()) == ["Feed the moths.", LONG_TEXT]
    assert all(name.endswith("-list.txt") for name in attached)
    assert sorted(name for name in files if name not in attached and "chats/" not in name) == [
        "account.json",
        "api_keys.json",
        "arena/arena-00001.json",
        "attachments/attachments-00001.json",
        "custom_models.json",
        "groups.json",
        "preferences.json",
        "projects.json",
        "prompts/prompts-00001.json",
        "responses/responses-00001.json",
        "sessions.json",
        "usage/usage-00001.json",
    ]
    assert [name for name in files if name.startswith("chats/")] == [
        "chats/00001-whales.json",
        "chats/00001-whales.md",
        "chats/00002-moths.json",
        "chats/00002-moths.md",
        "chats/00004-voted-on.json",
        "chats/00004-voted-on.md",
    ]
    assert json.loads(files["account.json"])["username"] == "mei"
    assert json.loads(files["groups.json"]) == ["Gardeners"]
    assert json.loads(files["preferences.json"]) == {"look": {"theme": "dark"}}
    [garden] = json.loads(files["projects.json"])
    assert garden["instructions"] == "Talk of plants."
    assert [f"attachments/{garden['files'][0]}-list.txt"] == sorted(
        name for name, content in attached.items() if content == "Feed the moths."
    )
    assert json.loads(files["custom_models.json"])[0]["name"] == "Mine"
    assert "Do moths sleep?" in files["chats/00002-moths.md"]
    assert json.loads(files["chats/00002-moths.json"])["messages"][1]["rating"]["value"] == "good"
    [prompt] = json.loads(files["prompts/prompts-00001.json"])
    assert (prompt["command"], prompt["content"]) == ("brief", "Be brief about {{it}}.")
    [response] = json.loads(files["responses/responses-00001.json"])
    assert response["response"]["object"] == "response"
    voted, blind = json.loads(files["arena/arena-00001.json"])
    assert {voted["model_a"], voted["model_b"]} == {"acme/fast", "acme/slow"}
    assert (blind["question"], blind["model_a"], blind["usage_b"]) == ("Still blind?", None, None)
    listed = json.loads(files["attachments/attachments-00001.json"])
    assert {f"attachments/{one['id']}-list.txt" for one in listed} == set(attached)
    assert {row["user_id"] for row in json.loads(files["usage/usage-00001.json"])} == {mei.user_id}
    everything = "".join(files.values())
    for secret in (key, "argon2", browser.headers["cookie"].partition("=")[2], "The admin's"):
        assert secret not in everything


async def test_an_admins_archive_has_the_admins_own_usage_alone(
    app_server: AppServer, mei: Principal, browser: httpx.AsyncClient
) -> None:
    await filled(app_server, mei, browser)
    headers = app_server.headers
    answer = await browser.get("/api/auth/export.zip", headers=headers)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert json.loads(archive.read("account.json"))["username"] == "admin"
        assert not [name for name in archive.namelist() if name.startswith(("usage", "chats"))]


async def test_all_chats_go_for_good_and_nobody_elses(
    app_server: AppServer, mei: Principal, browser: httpx.AsyncClient, ann: Client
) -> None:
    kept = await ann.new_chat(title="The admin's")
    key = await filled(app_server, mei, browser)
    for confirm in ("", "?confirm=delete", "?confirm=admin"):
        answer = await browser.delete(f"/api/auth/chats{confirm}")
        assert answer.status_code == 400, answer.text
    by_key = {"X-API-Key": key}
    async with httpx.AsyncClient(verify=NO_TLS, base_url=app_server.url, headers=by_key) as http:
        refused = await http.delete("/api/auth/chats?confirm=mei")
        assert_error(refused, 403, "permission_denied")
    assert (await browser.get("/api/v1/conversations")).json()["data"] != []

    answer = await browser.delete("/api/auth/chats?confirm=mei")
    assert answer.json() == {"object": "chats.deleted", "deleted": True, "conversations": 4}
    for table in ("conversations", "projects", "responses", "attachments", "arena_battles"):
        assert await rows_of(app_server, table, mei.user_id) == 0
    assert await all_rows(app_server, "project_files") == 0
    assert await rows_of(app_server, "prompts", mei.user_id) == 1
    assert (await browser.get("/api/auth/preferences")).json() != {}
    assert (await ann.call("GET", f"/conversations/{kept}"))[0] == 200


async def test_an_account_goes_with_all_that_belongs_to_it(
    app_server: AppServer, mei: Principal, browser: httpx.AsyncClient
) -> None:
    key = await filled(app_server, mei, browser)
    folder = app_server.portal.settings.data_dir / "attachments" / mei.user_id
    assert len(list(folder.iterdir())) > 1
    refused = await browser.delete("/api/auth/me?confirm=admin")
    assert_error(refused, 400, "not_confirmed")

    answer = await browser.delete("/api/auth/me?confirm=mei")
    assert answer.status_code == 204
    assert f"{COOKIE_NAME}=;" in answer.headers["set-cookie"]
    assert (await browser.get("/api/auth/me")).status_code == 401
    by_key = {"Authorization": f"Bearer {key}", "Cookie": ""}
    assert (await browser.get("/api/auth/me", headers=by_key)).status_code == 401
    tables = await tables_of_users(app_server)
    assert {"attachments", "prompts", "arena_battles", "conversations", "sessions"} <= tables
    assert "user_group_members" in tables
    for table in tables - {"usage"}:
        assert await rows_of(app_server, table, mei.user_id) == 0, table
    assert await all_rows(app_server, "project_files") == 0
    assert not folder.exists()
    assert await rows_of(app_server, "usage", mei.user_id) > 0
    operator = await app_server.portal.users.operator()
    assert await app_server.portal.custom_models.list(operator) == []


async def test_the_portal_keeps_an_admin_and_the_admin(
    app_server: AppServer, mei: Principal
) -> None:
    portal = app_server.portal
    await _expect_to_stay(app_server, await portal.users.operator())
    await _expect_to_stay(app_server, await _only_admin(app_server, mei))


async def _expect_to_stay(app_server: AppServer, principal: Principal) -> None:
    cookie = await app_server.portal.sessions.create(principal.user_id, user_agent="test")
    headers = {"Cookie": f"{COOKIE_NAME}={cookie}", "Origin": app_server.url}
    async with httpx.AsyncClient(verify=NO_TLS, base_url=app_server.url, headers=headers) as http:
        path = f"/api/auth/me?confirm={principal.username}"
        assert_error(await http.delete(path), 409, "conflict")
        assert (await http.get("/api/auth/me")).status_code == 200


async def _only_admin(app_server: AppServer, user: Principal) -> Principal:
    """Make the user the one administrator who can sign in."""
    portal = app_server.portal
    operator = await portal.users.operator()
    await portal.users.set_role(operator, user.username, "admin")
    await portal.users.disable(operator, "admin")
    return Principal(user_id=user.user_id, username=user.username, role="admin")


async def test_the_other_browsers_are_signed_out_and_this_one_stays(
    app_server: AppServer, mei: Principal, browser: httpx.AsyncClient
) -> None:
    other = await app_server.portal.sessions.create(mei.user_id, user_agent="Phone")
    listed = (await browser.get("/api/auth/sessions")).json()["data"]
    assert [(one["user_agent"], one["is_current"]) for one in listed] == [
        ("Phone", False),
        ("Firefox", True),
    ]
    assert all(one["last_used_at"] >= one["created_at"] for one in listed)
    ended = await browser.delete("/api/auth/sessions?keep_current=true")
    assert ended.status_code == 204
    assert len((await browser.get("/api/auth/sessions")).json()["data"]) == 1
    gone = {"Cookie": f"{COOKIE_NAME}={other}"}
    async with httpx.AsyncClient(verify=NO_TLS, base_url=app_server.url) as http:
        assert (await http.get("/api/auth/me", headers=gone)).status_code == 401
