"""Tools in the chat tab: calls in answers, approvals, the chip, code that readers run."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.e2e.accessibility import expect_no_serious_findings
from tests.e2e.chat import answers, ask, pick, send
from tests.upstreams import DONE, Gate, Upstream, chunk, stream, text
from tests.upstreams.calling import call, calling

OpenChat = Callable[..., Page]

PLOT = """import matplotlib.pyplot as plt
import pandas as pd

frame = pd.DataFrame({"month": ["Jan", "Feb", "Mar"], "sales": [120, 90, 143]})
plt.figure(figsize=(5, 2.6))
plt.bar(frame["month"], frame["sales"], color="#1F8A80")
plt.title("Sales <img src=x onerror=alert(1)>")
print("Three months")
frame"""
HOSTILE = "</pre></div><img src=x onerror=alert(1)><script>alert(1)</script>"


def _choose(page: Page, *names: str) -> None:
    page.get_by_role("button", name="Tools", exact=False).click()
    for name in names:
        page.locator("#tools-panel label", has_text=name).locator("input").check()


def _bubbles(page: Page) -> Locator:
    return answers(page).locator("details.tool")


def _states(page: Page, *states: str) -> None:
    expect(_bubbles(page).locator(".tstate")).to_have_text(list(states))


def test_calls_stand_in_the_answer_where_they_were_made(
    open_chat: OpenChat, provider: Upstream
) -> None:
    gate = Gate()
    provider.answer(
        "fast",
        calling(
            call("code-execution", "a", code=PLOT),
            call("calculator", "b", index=1, expression=HOSTILE),
            text="First I **draw** it.",
        ),
        stream(gate, chunk("Here is the plot.", finish="stop"), DONE),
    )
    page = open_chat()
    _choose(page, "Code execution", "Calculator")
    expect(page.locator(".tools-chip .n")).to_have_text("2")
    send(page, "Draw the sales")
    _states(page, "done", "failed")
    _bubbles(page).first.locator("summary").click()
    expect(_bubbles(page).first.locator("td").nth(1)).to_have_text("120")
    gate.open()
    expect(page.locator(".mfoot")).to_be_visible()

    page.reload()
    page.wait_for_selector("html[data-ready]")
    _states(page, "done", "failed")
    said = answers(page).inner_text()
    places = [said.index(one) for one in ("First I draw", "Code execution", "Here is the plot.")]
    assert places == sorted(places)
    for bubble in _bubbles(page).all():
        bubble.locator("summary").click()
    picture = _bubbles(page).first.locator("img.shot")
    expect(picture).to_be_visible()
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") > 100
    expect(_bubbles(page).first.locator(".t-k, .t-kn").first).to_have_text("import")
    expect(_bubbles(page).last).to_contain_text("onerror=alert(1)")
    assert page.locator("#chat-log img").count() == 1
    expect_no_serious_findings(page)

    expect(page.locator(".tools-chip .n")).to_have_text("2")  # the chat remembers them
    _choose(page)
    page.locator("#tools-panel label", has_text="Calculator").locator("input").uncheck()
    provider.answer("fast", text("Fine."))
    ask(page, "And now?")
    told = provider.last().json["tools"]
    assert [one["function"]["name"] for one in told] == ["code-execution"]


def test_a_call_waits_for_its_approval_in_every_page(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer(
        "fast",
        calling(call("asks", "a", path="/etc/passwd"), call("asks", "b", index=1, path="other")),
        text("So it is."),
    )
    page = open_chat(width=390, color_scheme="dark")
    _choose(page, "Asks")
    send(page, "Look it up")
    _states(page, "waits for your approval", "waits for your approval")
    expect(page.locator("div[role=status]", has_text="waits for your approval")).to_have_count(1)
    expect_no_serious_findings(page)
    second = open_chat(page.url.partition(page.evaluate("location.origin"))[2], width=390)
    expect(second.locator("#chat-log .task")).to_have_count(2)
    expect(second.locator("#chat-log .tool").first).to_contain_text("/etc/passwd")

    page.reload()
    page.wait_for_selector("html[data-ready]")
    approve = page.get_by_role("button", name="Approve: Asks").first
    box = approve.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    approve.focus()
    page.keyboard.press("Enter")
    _states(page, "done", "waits for your approval")
    second.get_by_role("button", name="Decline: Asks").click()
    for one in (page, second):
        expect(one.locator(".mfoot")).to_be_visible()
        _states(one, "done", "declined")
    told = [one for one in provider.last().json["messages"] if one["role"] == "tool"]
    assert "/etc/passwd" in told[0]["content"]
    assert "declined" in told[1]["content"]


def test_a_reader_runs_code_of_an_answer(open_chat: OpenChat, provider: Upstream) -> None:
    block = f"```python\n{PLOT}\n```\n\n```python\nimport time\ntime.sleep(60)\n```\n\n```python\n1 / 0\n```"
    provider.answer("fast", text(block))
    page = open_chat()
    ask(page, "Code")
    run = page.get_by_title("Run the code")
    outputs = page.locator(".runout")
    run.nth(0).click()
    expect(outputs.locator(".tstate")).to_have_text(["done"])
    expect(outputs).to_contain_text("Three months")
    expect(outputs.locator("td").nth(1)).to_have_text("120")
    assert outputs.locator("img").evaluate("one => one.decode().then(() => one.naturalWidth)") > 100
    run.nth(1).click()
    outputs.nth(1).get_by_role("button", name="Cancel").click()
    run.nth(2).click()
    expect(outputs.locator(".tstate")).to_have_text(["done", "cancelled", "failed"])
    expect(outputs.nth(2)).to_contain_text(re.compile("ZeroDivisionError.*line 1"))
    expect_no_serious_findings(page)
    assert provider.last().json["messages"][-1]["content"] == "Code"  # nothing was sent since


def test_where_no_tool_can_be_had_the_chip_says_why(open_chat: OpenChat) -> None:
    page = open_chat()
    chip = page.locator(".tools-chip")
    expect(chip).to_be_enabled()
    pick(page, "local/smollm2-135m-instruct")
    expect(chip).to_have_attribute("aria-disabled", "true")
    expect(chip).to_have_attribute("title", re.compile("does not call tools"))
