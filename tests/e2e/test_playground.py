"""The playground: a tool's form, its run, what it gives, what was run before, and its making."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.accessibility import expect_no_serious_findings
from tests.e2e.people import People
from tests.e2e.watched import Watched

OpenChat = Callable[..., Page]
HOSTILE = """
from pathlib import Path

bad = "<img src='http://evil.example/a.png' onerror='window.hacked=1'>"
Path("page.html").write_text("<script>window.hacked=1</script>")
Path("drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg' onload='hacked=1'/>")
Path("fake.png").write_text("<script>window.hacked=1</script>")
print(bad)
svg = "data:image/svg+xml;base64,PHN2Zy8+"
{"rows": [{bad: bad, "n": 1}, {bad: "javascript:hacked=1", "n": 2}], "svg": svg}
"""


@pytest.fixture
def open_tools(open_chat: OpenChat) -> OpenChat:
    """Opens the web app at the playground."""

    def open_tab(**options: object) -> Page:
        page = open_chat(**options)
        _open_tab(page)
        return page

    return open_tab


def _open_tab(page: Page) -> None:
    page.get_by_role("tab", name="Tool playground").click()
    expect(page.get_by_role("button", name="Run tool")).to_be_enabled()


def _choose(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Tools").get_by_role("button", name=name).click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def _run(page: Page) -> Locator:
    """Run the tool; how it ended."""
    page.get_by_role("button", name="Run tool").click()
    ended = page.locator(".pgstatus:not(.going)")
    expect(ended).to_be_visible()
    return ended


def _runs(page: Page) -> Locator:
    return page.get_by_role("region", name="Your runs").get_by_role("listitem")


def test_a_tool_is_tried_by_its_form_and_its_runs_are_kept(open_tools: OpenChat) -> None:
    page = open_tools()
    _choose(page, "Calculator")
    field = page.get_by_role("textbox", name="Expression")
    expect(page.locator(".pgdescription code").first).to_have_text("result")
    expect(page.locator(".hint code").first).to_have_text("123456789 * 987654321")
    page.get_by_label("Digits").fill("many")
    page.get_by_role("button", name="Run tool").click()
    expect(page.get_by_text("This is not a whole number")).to_be_visible()
    expect(page.get_by_text("This is needed.")).to_be_visible()
    expect(field).to_be_focused()
    page.get_by_role("group", name="Examples").get_by_role("button", name="Units").click()
    expect(field).to_have_value("3 km + 200 m to mile")
    page.get_by_role("radio", name="JSON").check(force=True)
    expect(page.get_by_label("Parameters as JSON")).to_have_value(re.compile("3 km"))
    page.get_by_label("Parameters as JSON").fill('{"expression": "2**70", "precision": 7}')
    page.get_by_role("radio", name="Form").check(force=True)
    expect(page.get_by_label("Digits")).to_have_value("7")
    field.fill("2^70")
    field.press("Control+Enter")
    expect(page.locator(".pgstatus.ok")).to_be_visible()
    expect(page.get_by_role("region", name="JSON")).to_contain_text("1180591620717411303424")
    expect(_runs(page)).to_have_count(1)
    page.get_by_role("button", name="Copy as").click()
    page.get_by_role("button", name="curl").click()
    expect(page.locator(".pgcopy.copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "/v1/tools/calculator/execute" in copied
    assert "2^70" in copied
    expect_no_serious_findings(page)

    page.reload()
    page.wait_for_selector("html[data-ready]")
    _open_tab(page)
    _choose(page, "Calculator")
    _runs(page).get_by_role("button", name="Run again").click()
    expect(_runs(page)).to_have_count(2)
    _runs(page).first.get_by_role("button", name="Delete this run").click()
    expect(_runs(page)).to_have_count(1)
    _choose(page, "Filer")
    page.get_by_role("radio", name="JSON").check(force=True)
    page.get_by_label("Parameters as JSON").fill('{"n": 1180591620717411303424}')
    _run(page)
    _runs(page).get_by_role("button", name="Run again").click()
    expect(_runs(page)).to_have_count(2)
    written = page.get_by_label("Parameters as JSON")
    expect(written).to_have_value(re.compile("1180591620717411303424"))
    page.get_by_role("button", name="Delete all").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("What you run is listed here.")).to_be_visible()


def test_what_a_tool_returns_is_shown_and_never_run(open_tools: OpenChat) -> None:
    page = open_tools(width=390, height=844, color_scheme="dark")
    page.get_by_role("button", name="Open the menu").locator("visible=true").click()
    _choose(page, "Code execution")
    page.get_by_role("textbox", name="Code").fill(HOSTILE)
    expect(_run(page)).to_contain_text("Succeeded")
    table = page.get_by_role("region", name="Table rows")
    expect(table.get_by_role("cell", name="javascript:hacked=1")).to_be_visible()
    page.get_by_role("tab", name="Output").click()
    expect(page.get_by_role("region", name="stdout")).to_contain_text("onerror=")
    expect(page.get_by_role("tab", name="Picture")).to_have_count(0)
    for name in ("page.html", "drawing.svg", "fake.png"):
        link = page.get_by_role("link", name=f"Download {name}")
        answer = page.request.get(str(link.get_attribute("href")))
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["content-security-policy"]
    assert page.evaluate("[window.hacked, document.documentElement.scrollWidth]") == [None, 390]
    small = page.locator(".pg :is(button, a, select, input)").evaluate_all(
        "all => all.filter((one) => one.checkVisibility() && !one.closest('.side, label')"
        " && Math.max(one.offsetHeight, one.closest('li')?.offsetHeight ?? 0) < 44)"
        ".map((one) => one.outerHTML)"
    )
    assert small == []
    expect_no_serious_findings(page)


def test_a_call_is_cancelled_or_asked_for(open_tools: OpenChat) -> None:
    page = open_tools()
    _choose(page, "Sleeper")
    page.get_by_label("seconds").fill("25")
    page.get_by_role("button", name="Run tool").click()
    expect(page.get_by_text("Running")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".pgstatus")).to_contain_text("Cancelled")

    _choose(page, "Asks")
    page.get_by_role("radio", name="JSON").check(force=True)
    page.get_by_label("Parameters as JSON").fill('{"city": "Rome"}')
    page.get_by_role("button", name="Run tool").click()
    asked = page.get_by_role("group", name="Approval of Asks")
    expect(asked).to_contain_text('"city": "Rome"')
    asked.get_by_role("button", name="Approve").click()
    expect(page.locator(".pgstatus.ok")).to_be_visible()
    page.get_by_role("button", name="Run tool").click()
    asked.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("tabpanel", name="Error")).to_contain_text("The call was declined")

    elsewhere = page.request.post(
        "/api/v1/tools/asks/execute",
        data=json.dumps({"parameters": {"from": "elsewhere"}}),
        headers={"content-type": "application/json", "origin": page.url.rstrip("/")},
    )
    assert elsewhere.status == 202
    waiting = page.get_by_role("region", name="Calls that wait for you")
    expect(waiting).to_contain_text("elsewhere")
    waiting.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("region", name="JSON")).to_contain_text("elsewhere")
    expect(waiting).to_be_hidden()


def test_a_run_that_is_left_is_cancelled_with_words_and_shown_nowhere_else(
    open_tools: OpenChat,
) -> None:
    page = open_tools()
    _choose(page, "Sleeper")
    page.get_by_label("seconds").fill("25")
    page.get_by_role("button", name="Run tool").click()
    expect(page.get_by_text("Running")).to_be_visible()
    _choose(page, "Calculator")
    expect(page.locator(".pgleft")).to_contain_text("The run of Sleeper was cancelled")
    page.get_by_role("textbox", name="Expression").fill("6 * 7")
    expect(_run(page)).to_contain_text("Succeeded")
    expect(page.get_by_role("region", name="JSON")).to_contain_text("42")

    _choose(page, "Sleeper")
    expect(_runs(page).first).to_contain_text("cancelled")
    expect(page.get_by_text("The result comes here.")).to_be_visible()


def test_a_run_that_begins_when_its_tool_is_left_already_is_cancelled(
    open_tools: OpenChat,
) -> None:
    page = open_tools()
    held: list[Route] = []
    page.route("**/api/v1/tool-runs", lambda route: held.append(route), times=1)
    _choose(page, "Sleeper")
    page.get_by_label("seconds").fill("25")
    with page.expect_request("**/api/v1/tool-runs"):
        page.get_by_role("button", name="Run tool").click()
    _choose(page, "Calculator")
    page.get_by_role("textbox", name="Expression").fill("6 * 7")
    expect(_run(page)).to_contain_text("Succeeded")
    with page.expect_response("**/cancel"):
        held[0].continue_()
    expect(page.get_by_role("region", name="JSON")).to_contain_text("42")
    _choose(page, "Sleeper")
    expect(_runs(page).first).to_contain_text("cancelled")


def test_an_administrator_makes_a_tool(watched: Watched, people: People, settings: object) -> None:
    page = watched.page()
    page.goto(f"/login/link?token={people.next_link_token()}")
    page.wait_for_selector("html[data-ready]")
    _open_tab(page)
    page.get_by_role("button", name="New tool").click()
    editor = page.get_by_role("dialog", name="New tool")
    config = editor.get_by_label("Configuration")
    good = config.input_value()
    config.fill(good.replace('"version": "1.0.0"', '"version": 5'))
    editor.get_by_label("Program").fill("def run(:\n")
    editor.get_by_role("button", name="Check").click()
    expect(editor.get_by_role("alert")).to_contain_text("version")
    expect(editor.get_by_role("alert")).to_contain_text("is not Python")
    expect(editor.get_by_role("alert")).to_be_in_viewport()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").last.get_by_role("button", name="Cancel").click()
    expect(editor.get_by_label("Program")).to_have_value("def run(:\n")
    expect_no_serious_findings(page)
    config.fill(good)
    editor.get_by_label("Program").fill(
        "def run(parameters):\n    return parameters['text'][::-1]\n"
    )
    editor.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1, name="Word count")).to_be_visible()
    page.get_by_role("button", name="A sentence").click()
    page.get_by_role("button", name="Run tool").click()
    expect(page.get_by_role("region", name="Text")).to_have_text("eb ot ton ro eb ot")

    page.locator("summary", has_text="Administration").click()
    expect(page.get_by_text("Tools run in the sandbox")).to_be_visible()
    expect(page.get_by_label("Switched on")).to_have_css("appearance", "auto")
    page.get_by_label("Switched on").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("it is disabled")).to_be_visible()
    expect(page.get_by_role("button", name="Run tool")).to_be_disabled()


def test_the_other_tabs_load_nothing_of_it(open_chat: OpenChat) -> None:
    page = open_chat()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(Path(request.url.split("?")[0]).name))
    _open_tab(page)
    assert {"playground.js", "playground.css", "tools"} <= set(asked)
    loaded = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert len([one for one in loaded if "playground" in one]) == len(
        [one for one in asked if "playground" in one]
    )
