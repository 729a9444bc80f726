"""Signing in with a browser: forms, the cookie, redirects."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from aiportal.accounts import COOKIE_NAME
from aiportal.api.app import create_app
from aiportal.api.listening import listening
from aiportal.api.routes.sign_in import safe_next_path
from aiportal.portal import Portal
from aiportal.settings import Settings
from pages.sign_in import SignInPages
from pages.static import StaticFiles
from tests.loopback import NO_TLS

PASSWORD = "Tr0ub4dor&3"
ELSEWHERE = {"X-Forwarded-For": "203.0.113.7"}


@dataclass
class Browser:
    """A client that keeps cookies and follows no redirect."""

    http: httpx.AsyncClient
    portal: Portal
    app: FastAPI

    async def post(
        self, path: str, data: dict[str, str], headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send a form as our own page would, unless `headers` say something else."""
        own = {"Sec-Fetch-Site": "same-origin"} if headers is None else headers
        return await self.http.post(path, data=data, headers=own)

    async def sign_in(self, **fields: str) -> httpx.Response:
        return await self.post("/login", {"username": "ann", "password": PASSWORD} | fields)

    async def is_signed_in(self) -> bool:
        return (await self.http.get("/api/auth/me")).status_code == 200

    async def link(self) -> str:
        return await self.portal.links.create(await self.portal.users.operator(), "ann")


@pytest.fixture
def pages() -> SignInPages:
    return SignInPages(StaticFiles.read())


@pytest.fixture
async def browser(wired_settings: Settings, pages: SignInPages) -> AsyncIterator[Browser]:
    """At a portal with the sign-in pages and the user `ann`, without the web app."""
    async with Portal.open(wired_settings) as portal:
        await portal.users.create(await portal.users.operator(), username="ann", password=PASSWORD)
        app = create_app(portal, with_pages=False)
        app.state.sign_in_page, app.state.link_page = pages.render_sign_in, pages.render_link
        async with (
            listening(app, wired_settings) as server,
            httpx.AsyncClient(verify=NO_TLS, base_url=server.url) as http,
        ):
            yield Browser(http, portal, app)


async def test_the_right_password_sets_the_cookie_and_goes_on(browser: Browser) -> None:
    answer = await browser.sign_in(next="/?tab=audio")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?tab=audio")
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith(f"{COOKIE_NAME}=")
    assert attributes == ["Max-Age=34560000", "Path=/", "HttpOnly", "SameSite=Lax"]
    assert await browser.is_signed_in()


async def test_a_wrong_password_shows_the_page_again_with_what_is_wrong(browser: Browser) -> None:
    answer = await browser.sign_in(password="wrong", next="/?a=<b>", username='a"<b>')
    assert answer.status_code == 401
    assert "The name or password is wrong." in answer.text
    assert "4 more tries before a pause of 15 minutes." in answer.text
    assert "a&quot;&lt;b&gt;" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert not await browser.is_signed_in()


async def test_the_page_shows_the_pause_after_five_failures(browser: Browser) -> None:
    for _ in range(5):
        await browser.sign_in(password="wrong")
    answer = await browser.sign_in()
    assert answer.status_code == 429
    assert "Try again in 15 minutes" in answer.text
    assert int(answer.headers["retry-after"]) > 890


async def test_a_form_from_another_site_signs_nobody_in(browser: Browser) -> None:
    good = {"username": "ann", "password": PASSWORD}
    token = await browser.link()
    forged: list[dict[str, str]] = [
        {},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ]
    for headers in forged:
        assert (await browser.post("/login", good, headers)).status_code == 403
        assert (await browser.post("/login/link", {"token": token}, headers)).status_code == 403
    assert not await browser.is_signed_in()
    own = {"Origin": str(browser.http.base_url).rstrip("/")}
    assert (await browser.post("/login", good, own)).status_code == 303


async def test_over_https_the_cookie_is_secure(wired_settings: Settings) -> None:
    behind_proxy = wired_settings.model_copy(update={"behind_proxy": True})
    async with Portal.open(behind_proxy) as portal:
        await portal.users.create(await portal.users.operator(), username="ann", password=PASSWORD)
        app = create_app(portal, with_pages=False)
        async with listening(app, behind_proxy) as server, httpx.AsyncClient(verify=NO_TLS) as http:
            answer = await http.post(
                f"{server.url}/login",
                data={"username": "ann", "password": PASSWORD},
                headers={"X-Forwarded-Proto": "https", "Sec-Fetch-Site": "same-origin"},
            )
    assert answer.headers["set-cookie"].endswith("; HttpOnly; SameSite=Lax; Secure")


async def test_on_spaces_the_cookie_works_in_a_frame(wired_settings: Settings) -> None:
    on_spaces = wired_settings.model_copy(update={"on_spaces": True})
    async with Portal.open(on_spaces) as portal:
        await portal.users.create(await portal.users.operator(), username="ann", password=PASSWORD)
        app = create_app(portal, with_pages=False)
        async with listening(app, on_spaces) as server, httpx.AsyncClient(verify=NO_TLS) as http:
            answer = await http.post(
                f"{server.url}/login",
                data={"username": "ann", "password": PASSWORD},
                headers={"Sec-Fetch-Site": "same-origin"},
            )
    cookie = answer.headers["set-cookie"]
    assert cookie.endswith("; HttpOnly; SameSite=None; Secure; Partitioned")


async def test_a_link_opened_on_the_portals_machine_signs_in_at_once(browser: Browser) -> None:
    token = await browser.link()
    answer = await browser.http.get("/login/link", params={"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert await browser.is_signed_in()
    assert (await browser.http.get("/login/link", params={"token": token})).status_code == 401


@pytest.mark.parametrize(
    "headers", [ELSEWHERE, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Purpose": "prefetch"}]
)
async def test_looking_at_a_link_does_not_use_it_up(
    browser: Browser, headers: dict[str, str]
) -> None:
    token = await browser.link()
    for _ in range(3):
        page = await browser.http.get("/login/link", params={"token": token}, headers=headers)
        assert page.status_code == 200
        assert token in page.text
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "same-origin"
    answer = await browser.post("/login/link", {"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert await browser.is_signed_in()


async def test_a_link_works_once_and_then_says_what_to_do(browser: Browser) -> None:
    token = await browser.link()
    await browser.post("/login/link", {"token": token})
    answer = await browser.post("/login/link", {"token": token})
    assert answer.status_code == 401
    assert "aiportal user link NAME" in answer.text


async def test_a_token_in_the_page_is_text_and_nothing_else(browser: Browser) -> None:
    hostile = {"token": '"><script>alert(1)</script>'}
    page = await browser.http.get("/login/link", params=hostile, headers=ELSEWHERE)
    assert "<script>alert" not in page.text


async def test_signing_out_ends_the_session_and_forgets_the_cookie(browser: Browser) -> None:
    await browser.sign_in()
    cookie = browser.http.cookies[COOKIE_NAME]
    forged = await browser.post("/logout", {}, {"Origin": "http://evil.example"})
    assert forged.status_code == 403
    answer = await browser.post("/logout", {})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert COOKIE_NAME not in browser.http.cookies
    browser.http.cookies.set(COOKIE_NAME, cookie)
    assert not await browser.is_signed_in()


async def test_the_sign_in_page_keeps_where_to_go_if_that_is_here(browser: Browser) -> None:
    here = await browser.http.get("/login", params={"next": "/?tab=audio"})
    assert 'value="/?tab=audio"' in here.text
    elsewhere = await browser.http.get("/login", params={"next": "https://evil.example/x"})
    assert elsewhere.status_code == 200
    assert "evil.example" not in elsewhere.text


@pytest.mark.parametrize("fields", [{}, {"username": "ann"}, {"username": "", "password": ""}])
async def test_an_empty_form_is_a_failed_try(browser: Browser, fields: dict[str, str]) -> None:
    assert (await browser.post("/login", fields)).status_code == 401


async def test_without_the_web_app_errors_come_as_json(browser: Browser) -> None:
    browser.app.state.sign_in_page = browser.app.state.link_page = None
    assert (await browser.http.get("/login")).status_code == 404
    assert (await browser.http.get("/login/link?token=x", headers=ELSEWHERE)).status_code == 404
    answer = await browser.sign_in(password="wrong")
    assert answer.json()["error"]["code"] == "wrong_password"


@pytest.mark.parametrize("path", ["/", "/?a=b&c=%20", "/x/y#z", "/ä", "/login"])
def test_a_path_of_ours_is_a_place_to_go(path: str) -> None:
    assert safe_next_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "x",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "http:evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/" + "a" * 2000,
    ],
)
def test_anything_else_is_not(path: str) -> None:
    assert safe_next_path(path) == "/"


async def test_a_place_with_foreign_letters_survives_the_redirect(browser: Browser) -> None:
    answer = await browser.sign_in(next="/ä?q=%C3%A4&r=1")
    assert answer.headers["location"] == "/%C3%A4?q=%C3%A4&r=1"
