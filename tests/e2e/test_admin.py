"""The tab of the administrators: the sandbox, the tools' state and MCP servers."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from aiportal.settings import Settings
from tests.e2e.accessibility import expect_no_serious_findings
from tests.e2e.people import People
from tests.e2e.watched import Watched

OpenChat = Callable[..., Page]
SECRET = "a-secret-of-the-test"
REFUSED = "Failed to load resource"  # what the console says of an answer that is no success
SMALL = """all => all.filter((one) => one.checkVisibility() && !one.closest('.side')
  && Math.max(one.offsetHeight, one.closest('label, .seg label')?.offsetHeight ?? 0) < 44)
  .map((one) => one.outerHTML)"""


@pytest.fixture
def config(settings: Settings) -> Iterator[Path]:
    """The tools' config.json, which is as before afterwards."""
    assert settings.tools_dir is not None
    path = settings.tools_dir / "config.json"
    before = path.read_bytes()
    yield path
    path.write_bytes(before)


@pytest.fixture
def open_admin(watched: Watched, people: People) -> OpenChat:
    """Opens the tab as an administrator; keywords as `Watched.page` has them."""

    def open_tab(**options: Any) -> Page:
        page = watched.page(**options)
        page.goto(f"/login/link?token={people.next_link_token()}")
        page.wait_for_selector("html[data-ready]")
        page.get_by_role("tab", name="Admin").click()
        expect(page.get_by_role("heading", name="MCP servers", level=2)).to_be_visible()
        return page

    return open_tab


def _row(page: Page, name: str) -> Locator:
    rows = page.get_by_role("region", name="MCP servers").get_by_role("listitem")
    return rows.filter(has=page.get_by_role("heading", name=name, exact=True))


def test_an_mcp_server_is_added_changed_and_removed(
    open_admin: OpenChat, config: Path, mcp_port: int, watched: Watched
) -> None:
    watched.expected.append(REFUSED)
    before = json.loads(config.read_bytes())
    page = open_admin()
    tiles = page.locator(".adtile")
    expect(tiles.first).to_contain_text(re.compile("Namespaces|Landlock"))
    expect(tiles.nth(1)).to_contain_text(re.compile(r"[1-9]\d*\s*Nothing is wrong"))
    expect(page.get_by_text("There is no MCP server yet.").first).to_be_visible()

    page.get_by_role("button", name="Add a server").click()
    form = page.get_by_role("dialog", name="Add an MCP server")
    expect(form.get_by_label("Name", exact=True)).to_be_focused()
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    form.get_by_label("Name", exact=True).fill("not a name")
    form.get_by_label("Address").fill(f"http://127.0.0.1:{mcp_port}/mcp")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text("A server's name has letters")).to_be_visible()
    form.get_by_label("Name", exact=True).fill("honest")
    form.get_by_role("button", name="Add a header").click()
    form.get_by_label("Headers: name").fill("X Key")
    form.get_by_label("Headers: value").fill(SECRET)
    form.get_by_role("button", name="Try").click()
    expect(form.get_by_label("Headers: name")).to_have_attribute("aria-invalid", "true")
    form.get_by_label("Headers: name").fill("X-Key")
    form.get_by_role("button", name="Try").click()
    expect(form.get_by_role("status")).to_contain_text("It answers. Tools: 5")
    expect(form.get_by_role("status")).to_contain_text("add, picture")
    expect_no_serious_findings(page)
    form.get_by_role("button", name="Save").click()
    expect(_row(page, "honest")).to_contain_text("Connected")
    expect(_row(page, "honest")).to_contain_text("Tools: 5")
    expect(page.get_by_role("button", name="Edit honest")).to_be_focused()
    expect_no_serious_findings(page)

    page.get_by_role("button", name="Edit honest").click()
    form = page.get_by_role("dialog", name="Edit honest")
    expect(form.get_by_label("Headers: value")).to_have_value("")
    form.get_by_label("Allowed tools").fill("a*\npicture")
    form.get_by_role("button", name="Save").click()
    expect(_row(page, "honest")).to_contain_text("Tools: 2")
    assert SECRET not in page.content()
    written = json.loads(config.read_bytes())
    entry = {"url": f"http://127.0.0.1:{mcp_port}/mcp", "headers": {"X-Key": SECRET}}
    assert written.pop("mcpServers") == {"honest": {**entry, "allowedTools": ["a*", "picture"]}}
    assert written == before

    page.get_by_role("button", name="Remove honest").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(_row(page, "honest")).to_be_visible()
    page.get_by_role("button", name="Remove honest").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("There is no MCP server yet.").first).to_be_visible()
    assert json.loads(config.read_bytes()) == before | {"mcpServers": {}}


def test_on_a_phone_what_is_wrong_is_told(open_admin: OpenChat, config: Path) -> None:
    content = json.loads(config.read_bytes())
    away = {"command": "/no/such/program", "args": ["--read-only"], "env": {"KEY": "env:MCP_NONE"}}
    config.write_text(json.dumps(content | {"mcpServers": {"notes": away}}))
    broken = config.parent / "broken"
    broken.mkdir()
    try:
        page = open_admin(width=390, height=844, color_scheme="dark")
        expect(_row(page, "notes")).to_contain_text("it needs MCP_NONE")
        expect(_row(page, "notes")).to_contain_text("not tried again until")
        page.get_by_role("button", name="Reload").click()
        expect(page.get_by_text("broken/controller.py").first).to_be_visible()
        page.get_by_role("button", name="Try notes").click()
        expect(_row(page, "notes").get_by_role("alert")).to_contain_text("it needs MCP_NONE")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert page.locator(".ad :is(button, a, input)").evaluate_all(SMALL) == []
        expect_no_serious_findings(page)
        page.get_by_role("button", name="Edit notes").click()
        form = page.get_by_role("dialog", name="Edit notes")
        expect(form.get_by_label("Environment: value")).to_have_value("env:MCP_NONE")
        expect(form.get_by_label("Arguments")).to_have_value("--read-only")
        assert form.locator(":is(button, input, textarea)").evaluate_all(SMALL) == []
        expect_no_serious_findings(page)
        page.keyboard.press("Escape")
        expect(form).to_be_hidden()
    finally:
        broken.rmdir()


def test_others_see_that_it_is_not_for_them(open_chat: OpenChat) -> None:
    page = open_chat()
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.get_by_role("tab", name="Admin").click()
    expect(page.get_by_role("heading", name="This is for administrators")).to_be_visible()
    expect(page.get_by_role("button", name="Add a server")).to_have_count(0)
    assert any(url.endswith("/api/auth/me") for url in asked)
    assert [url for url in asked if "/api/admin" in url] == []
    expect_no_serious_findings(page)
