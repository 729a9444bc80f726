"""/api/auth over HTTP, as API.md promises it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from aiportal.accounts import COOKIE_NAME
from tests.loopback import NO_TLS
from tests.running import AppServer

PASSWORD = "Tr0ub4dor&3"
NEW_PASSWORD = "Correct-h0rse"
WRONG = {"username": "ann", "password": "wrong"}


@pytest.fixture
async def http(app_server: AppServer) -> AsyncIterator[httpx.AsyncClient]:
    """A client without credentials; the user `ann` exists."""
    operator = await app_server.portal.users.operator()
    await app_server.portal.users.create(
        operator, username="ann", password=PASSWORD, email="ann@example.org"
    )
    async with httpx.AsyncClient(verify=NO_TLS, base_url=app_server.url) as client:
        yield client


async def sign_in(http: httpx.AsyncClient, password: str = PASSWORD) -> dict[str, str]:
    """The headers of ann, signed in for programs."""
    answer = await http.post("/api/auth/login", json={"username": "ann", "password": password})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def cookie_of_ann(app_server: AppServer) -> str:
    operator = await app_server.portal.users.operator()
    ann = await app_server.portal.users.by_username(operator, "ann")
    return await app_server.portal.sessions.create(ann.id, user_agent="test")


def assert_error(answer: httpx.Response, status: int, code: str) -> str:
    """The answer is this error in OpenAI's shape; its message."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["code"] == code
    return str(error["message"])


async def test_login_answers_with_tokens_and_the_user(http: httpx.AsyncClient) -> None:
    for name in ("ann", "ANN@example.org"):
        answer = await http.post("/api/auth/login", json={"username": name, "password": PASSWORD})
        body = answer.json()
        assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in", "user"}
        assert (body["token_type"], body["expires_in"]) == ("bearer", 900)
        assert (body["user"]["username"], body["user"]["role"]) == ("ann", "user")
        assert "password" not in str(body["user"])
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers


async def test_login_takes_the_email_under_its_own_name(http: httpx.AsyncClient) -> None:
    body = {"email": "ann@example.org", "password": PASSWORD}
    assert (await http.post("/api/auth/login", json=body)).status_code == 200


async def test_a_wrong_password_is_401_and_the_sixth_try_429(http: httpx.AsyncClient) -> None:
    for left in ("4 more tries", "3 more tries", "2 more tries", "1 more try", "now pauses"):
        answer = await http.post("/api/auth/login", json=WRONG)
        assert left in assert_error(answer, 401, "wrong_password")
    right = await http.post("/api/auth/login", json=WRONG | {"password": PASSWORD})
    assert_error(right, 429, "too_many_failures")
    assert 890 < int(right.headers["retry-after"]) <= 900


@pytest.mark.parametrize(
    "body", [{}, {"username": "ann"}, {"username": 7, "password": "x"}, [], {"username": ""}]
)
async def test_a_login_that_is_none_is_400(http: httpx.AsyncClient, body: object) -> None:
    assert_error(await http.post("/api/auth/login", json=body), 400, "invalid_request")


async def test_sign_up_is_off(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/auth/register", json={"username": "x", "password": "y"})
    assert "administrator" in assert_error(answer, 403, "signup_off")


async def test_a_refresh_token_works_once(http: httpx.AsyncClient) -> None:
    first = (await http.post("/api/auth/login", json=WRONG | {"password": PASSWORD})).json()
    old = {"refresh_token": first["refresh_token"]}
    second = (await http.post("/api/auth/refresh", json=old)).json()
    assert set(second) == set(first)
    assert_error(await http.post("/api/auth/refresh", json=old), 401, "invalid_api_key")
    new = {"refresh_token": second["refresh_token"]}
    assert_error(await http.post("/api/auth/refresh", json=new), 401, "invalid_api_key")


async def test_logout_ends_the_sign_in_of_what_was_sent(
    http: httpx.AsyncClient, app_server: AppServer
) -> None:
    tokens = (await http.post("/api/auth/login", json=WRONG | {"password": PASSWORD})).json()
    body = {"refresh_token": tokens["refresh_token"]}
    assert (await http.post("/api/auth/logout", json=body)).status_code == 204
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await http.get("/api/auth/me", headers=bearer)).status_code == 401
    headers = await sign_in(http)
    assert (await http.post("/api/auth/logout", headers=headers)).status_code == 204
    assert (await http.get("/api/auth/me", headers=headers)).status_code == 401
    cookie = {"Cookie": f"{COOKIE_NAME}={await cookie_of_ann(app_server)}"}
    ours = cookie | {"Origin": app_server.url}
    assert (await http.post("/api/auth/logout", headers=ours)).status_code == 204
    assert (await http.get("/api/auth/me", headers=cookie)).status_code == 401
    assert (await http.post("/api/auth/logout")).status_code == 401


async def test_me_is_the_caller_and_can_be_changed(http: httpx.AsyncClient) -> None:
    headers = await sign_in(http)
    changed = await http.patch("/api/auth/me", headers=headers, json={"name": "Ann B."})
    assert changed.json()["name"] == "Ann B."
    me = (await http.get("/api/auth/me", headers=headers)).json()
    assert me == changed.json()
    assert me["email"] == "ann@example.org"
    gone = await http.patch("/api/auth/me", headers=headers, json={"email": None})
    assert gone.json()["email"] is None


@pytest.mark.parametrize("body", [{"role": "admin"}, {"name": None}, {"name": ""}, {"email": "x"}])
async def test_what_one_may_not_change_of_oneself_is_refused(
    http: httpx.AsyncClient, body: dict[str, object]
) -> None:
    answer = await http.patch("/api/auth/me", headers=await sign_in(http), json=body)
    assert_error(answer, 400, "invalid_request")


async def test_a_new_password_ends_all_sign_ins(http: httpx.AsyncClient) -> None:
    headers = await sign_in(http)
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await http.post("/api/auth/password", headers=headers, json=body)).status_code == 204
    assert (await http.get("/api/auth/me", headers=headers)).status_code == 401
    assert await sign_in(http, NEW_PASSWORD)


async def test_the_browser_that_changes_the_password_stays_signed_in(
    http: httpx.AsyncClient, app_server: AppServer
) -> None:
    cookie = {"Cookie": f"{COOKIE_NAME}={await cookie_of_ann(app_server)}"}
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    ours = cookie | {"Origin": app_server.url}
    answer = await http.post("/api/auth/password", headers=ours, json=body)
    fresh = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
    assert (await http.get("/api/auth/me", headers=cookie)).status_code == 401
    assert (await http.get("/api/auth/me", headers=fresh)).status_code == 200


async def test_a_weak_or_unproved_password_is_refused(http: httpx.AsyncClient) -> None:
    headers = await sign_in(http)
    weak = {"current_password": PASSWORD, "new_password": "weak"}
    answer = await http.post("/api/auth/password", headers=headers, json=weak)
    assert "a digit" in assert_error(answer, 400, "invalid_request")
    wrong = {"current_password": "wrong", "new_password": NEW_PASSWORD}
    answer = await http.post("/api/auth/password", headers=headers, json=wrong)
    assert_error(answer, 400, "wrong_password")


async def test_a_cookie_changes_something_only_from_our_own_pages(
    http: httpx.AsyncClient, app_server: AppServer
) -> None:
    cookie = {"Cookie": f"{COOKIE_NAME}={await cookie_of_ann(app_server)}"}
    assert (await http.get("/api/auth/me", headers=cookie)).status_code == 200
    forged: list[dict[str, str]] = [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": app_server.url},
    ]
    for path in ("/api/auth/keys", "/api/auth/logout"):
        for headers in forged:
            answer = await http.post(path, headers=cookie | headers, json={"name": "k"})
            assert_error(answer, 403, "cross_site_request")
    own = cookie | {"Origin": app_server.url}
    assert (await http.post("/api/auth/keys", headers=own, json={"name": "k"})).status_code == 201


async def test_sessions_are_listed_and_ended(
    http: httpx.AsyncClient, app_server: AppServer
) -> None:
    cookies = [await cookie_of_ann(app_server) for _ in range(2)]
    mine = {"Cookie": f"{COOKIE_NAME}={cookies[0]}", "Origin": app_server.url}
    listed = (await http.get("/api/auth/sessions", headers=mine)).json()["data"]
    assert sorted(session["is_current"] for session in listed) == [False, True]
    other = next(session["id"] for session in listed if not session["is_current"])
    ended = await http.delete(f"/api/auth/sessions/{other}", headers=mine)
    assert ended.status_code == 204
    again = await http.delete(f"/api/auth/sessions/{other}", headers=mine)
    assert_error(again, 404, "not_found")
    assert (await http.delete("/api/auth/sessions", headers=mine)).status_code == 204
    assert (await http.get("/api/auth/sessions", headers=mine)).status_code == 401


async def test_a_key_is_made_used_changed_rotated_and_revoked(http: httpx.AsyncClient) -> None:
    headers = await sign_in(http)
    answer = await http.post("/api/auth/keys", headers=headers, json={"name": "laptop"})
    assert answer.status_code == 201
    made = answer.json()
    by_key = {"X-API-Key": made["key"]}
    assert (await http.get("/api/auth/me", headers=by_key)).json()["username"] == "ann"
    path = f"/api/auth/keys/{made['id']}"
    changed = await http.patch(path, headers=headers, json={"name": "desk", "models": ["a/x"]})
    assert (changed.json()["name"], changed.json()["models"]) == ("desk", ["a/x"])
    rotated = (await http.post(f"{path}/rotate", headers=headers)).json()
    assert (rotated["id"], rotated["name"]) == (made["id"], "desk")
    assert (await http.get("/api/auth/me", headers=by_key)).status_code == 401
    bearer = {"Authorization": f"Bearer {rotated['key']}"}
    assert (await http.get("/api/auth/me", headers=bearer)).status_code == 200
    assert (await http.delete(path, headers=headers)).json()["deleted"] is True
    assert (await http.get("/api/auth/me", headers=bearer)).status_code == 401


async def test_the_list_of_keys_shows_hints_and_never_a_key(http: httpx.AsyncClient) -> None:
    headers = await sign_in(http)
    secrets = [
        (await http.post("/api/auth/keys", headers=headers, json={"name": str(n)})).json()["key"]
        for n in range(3)
    ]
    first = (await http.get("/api/auth/keys?limit=2", headers=headers)).json()
    after = first["data"][-1]["id"]
    rest = (await http.get(f"/api/auth/keys?limit=2&after={after}", headers=headers)).json()
    assert (first["object"], first["has_more"], rest["has_more"]) == ("list", True, False)
    listed = first["data"] + rest["data"]
    assert {key["hint"] for key in listed} == {secret[-4:] for secret in secrets}
    assert not any(secret in str(listed) for secret in secrets)


async def test_anothers_key_is_404_whatever_is_tried(
    http: httpx.AsyncClient, app_server: AppServer
) -> None:
    admins = (await http.get("/api/auth/keys", headers=app_server.headers)).json()["data"][0]
    headers = await sign_in(http)
    path = f"/api/auth/keys/{admins['id']}"
    for method, address in (("PATCH", path), ("DELETE", path), ("POST", f"{path}/rotate")):
        answer = await http.request(method, address, headers=headers, json={})
        assert_error(answer, 404, "not_found")
    assert (await http.get("/api/auth/me", headers=app_server.headers)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "k", "models": []},
        {"name": "k", "models": "a/x"},
        {"name": "k", "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "k", "expires_at": "2099-01-01T00:00:00"},
        {"name": "k", "expires_at": "tomorrow"},
        {"name": "k", "expires": "2099-01-01T00:00:00Z"},
    ],
)
async def test_a_key_that_cannot_be_is_400(
    http: httpx.AsyncClient, app_server: AppServer, body: dict[str, object]
) -> None:
    answer = await http.post("/api/auth/keys", headers=app_server.headers, json=body)
    assert_error(answer, 400, "invalid_request")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer ak_" + "0" * 64},
        {"Authorization": "Basic YTpi"},
        {"X-API-Key": ""},
        {"X-API-Key": b"\xff\xfe"},
        {"Authorization": b"Bearer \xe9\xff"},
        {"Authorization": "Bearer " + "a" * 50_000},
        {"Cookie": f"{COOKIE_NAME}=x"},
        {"Cookie": f"{COOKIE_NAME}=\u00e9".encode("latin-1")},
    ],
)
async def test_none_or_a_bad_credential_is_401(
    http: httpx.AsyncClient, headers: dict[str, str | bytes]
) -> None:
    raw = [
        (name.encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in headers.items()
    ]
    answer = await http.get("/api/auth/me", headers=raw)
    assert_error(answer, 401, "invalid_api_key")
    assert answer.headers["www-authenticate"] == "Bearer"
