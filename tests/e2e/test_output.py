"""What answers hold beside text, and what can be done with an answer, as people do it."""

import base64
import csv
import io
import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Download, Locator, Page, expect

from tests.e2e.chat import answers, ask
from tests.upstreams import DONE, Gate, Upstream, chunk, stream, text

OpenChat = Callable[..., Page]

RICH = r"""Code:

```python
def area(r):
    return 3.14159 * r ** 2
```

| Name | Price, $ | Note |
| --- | --: | --- |
| "Tea" | 5 | hot, green |
| Coffee | 10 | $x^2$ |

It costs $5 and $10, and $e^{i\pi}+1=0$ as \(a<b\):

$$
\begin{aligned} a &= b \\ - c &= d \end{aligned}
$$

Bad: $\frac{$.
"""
GOOD_DIAGRAM = "graph TD\n  A[Start] --> B[End]"
BAD_DIAGRAM = "graph TD\n  A[Start --> B"
HOSTILE_SETTINGS = {
    "securityLevel": "loose",
    "htmlLabels": True,
    "themeCSS": "* { background: url(http://evil.example/x.png) }",
}
HOSTILE_DIAGRAM = f"""%%{{init: {json.dumps(HOSTILE_SETTINGS)}}}%%
graph TD
  A["<img src=http://evil.example/a.png onerror='window.hacked=1'>"] --> B
  click A "javascript:window.hacked=1"
  click B href "http://evil.example/"
"""
PICTURE_DIAGRAM = 'graph LR\n  A@{ img: "http://evil.example/i.png", label: "x" }'
HOSTILE_TEX = (
    r"$\href{javascript:window.hacked=1}{x}$ $\text{<script>window.hacked=1</script>}$ "
    r"$$\kern-500em\text{over}\hspace{999em}$$ $\style{position:fixed}{x}$"
)


def _png(width: int, height: int) -> str:
    """A picture as base64."""

    def part(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x28\x78\x6e" * width) * height)
    whole = b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")
    return base64.b64encode(whole).decode()


def _fence(*diagrams: str) -> str:
    return "\n\n".join(f"```mermaid\n{diagram}\n```" for diagram in diagrams)


def _clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def _saved(page: Page, press: Callable[[], None]) -> tuple[str, str]:
    """Name and text of the file that a press makes the browser save."""
    with page.expect_download() as downloading:
        press()
    download: Download = downloading.value
    return download.suggested_filename, Path(download.path()).read_text()


def _choose(page: Page, item: str) -> None:
    """An item of the menu of the last answer."""
    page.get_by_title("More about this answer").last.click()
    page.locator(".menu:popover-open").get_by_role("button", name=item, exact=True).click()


def _box(part: Locator) -> dict[str, float]:
    box = part.bounding_box()
    assert box is not None
    return {"x": box["x"], "width": box["width"], "height": box["height"]}


def test_code_tables_and_formulas_are_shown_copied_and_saved(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text(RICH))
    page = open_chat()
    ask(page, "Show me everything")
    answer = answers(page).last

    assert answer.locator(".lang").inner_text() == "Python"
    answer.get_by_role("button", name="Copy the code").click()
    assert _clipboard(page) == "def area(r):\n    return 3.14159 * r ** 2\n"
    save = answer.get_by_role("button", name="Download the code")
    assert _saved(page, save.click) == ("snippet.py", _clipboard(page))

    answer.get_by_role("button", name="Copy as CSV").click()
    expect(answer.locator(".act-copy-csv.copied")).to_be_visible()
    copied = _clipboard(page)
    assert copied.count("\r\n") == 3
    assert list(csv.reader(io.StringIO(copied))) == [
        ["Name", "Price, $", "Note"],
        ['"Tea"', "5", "hot, green"],
        ["Coffee", "10", "$x^2$"],
    ]

    expect(answer.locator("math")).to_have_count(4)
    assert "It costs $5 and $10, and" in answer.inner_text()
    right = _box(answer.locator("mtd").nth(0))
    assert right["x"] + right["width"] < _box(answer.locator("mtd").nth(1))["x"] + 1
    assert answer.locator("code", has_text=r"$\frac{$").count() == 1
    page.get_by_title("Copy the answer").click()
    copied = _clipboard(page)
    assert r"and $e^{i\pi}+1=0$ as $a<b$:" in copied
    assert "Copy as CSV" not in copied
    _choose(page, "Copy as Markdown")
    expect(page.locator(".act-more.copied")).to_be_visible()
    assert _clipboard(page).strip() == RICH.strip()


def test_on_a_phone_wide_things_scroll_by_themselves_and_buttons_are_44_px(
    open_chat: OpenChat, provider: Upstream
) -> None:
    wide = "| " + " | ".join(f"A wide column {n}" for n in range(12)) + " |\n" + "| - " * 12 + "|"
    long = "$$" + "+".join(f"x_{{{n}}}" for n in range(60)) + "$$"
    provider.answer("fast", text(f"{RICH}\n\n{wide}\n\n{long}\n\n{_fence(GOOD_DIAGRAM)}"))
    page = open_chat(width=390, height=844, color_scheme="dark")
    ask(page, "Show me")
    expect(page.locator("img.drawing")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("document.querySelector('#chat-log .panel-wrap').scrollWidth") <= 390
    for button in page.locator("#chat-log .md button:visible").all():
        box = _box(button)
        assert box["height"] >= 44
        assert box["x"] + box["width"] <= 390


def test_a_diagram_is_drawn_when_its_answer_is_whole_and_can_do_nothing(
    open_chat: OpenChat, provider: Upstream
) -> None:
    page = open_chat()
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    end = Gate()
    provider.answer("fast", stream(chunk(_fence(GOOD_DIAGRAM)), end, chunk(finish="stop"), DONE))
    page.get_by_placeholder("Ask anything").fill("Draw")
    page.keyboard.press("Enter")
    block = page.locator(".code.diagram").first
    expect(block).to_be_visible()
    assert block.locator("img").count() == 0
    assert not [url for url in loaded if "mermaid" in url]
    end.open()

    drawing = block.get_by_role("button", name="Enlarge the image: Diagram")
    expect(drawing).to_be_visible()
    assert page.evaluate("document.querySelector('img.drawing').naturalWidth") > 50
    expect(block.locator("pre")).to_be_hidden()
    block.get_by_role("button", name="Source").click()
    assert block.locator("pre").inner_text().strip() == GOOD_DIAGRAM
    expect(drawing).to_be_hidden()
    block.get_by_role("button", name="Diagram", exact=True).click()
    svg = block.get_by_role("button", name="Download the diagram as SVG")
    name, drawn = _saved(page, svg.click)
    assert name == "diagram.svg"
    assert drawn.startswith("<svg")
    light = drawing.get_attribute("src") or ""
    page.locator("[data-act=mode]:visible").click()
    expect(drawing).not_to_have_attribute("src", light)

    provider.answer(
        "fast", text(_fence(BAD_DIAGRAM, PICTURE_DIAGRAM, HOSTILE_DIAGRAM) + "\n\n" + HOSTILE_TEX)
    )
    ask(page, "And badly")
    blocks = answers(page).last.locator(".code.diagram")
    expect(blocks.first.get_by_role("status")).to_contain_text("cannot be drawn: Parse error")
    expect(blocks.first.locator("pre")).to_be_visible()
    expect(blocks.nth(1).get_by_role("status")).to_contain_text("asks for a picture")
    expect(blocks.last.locator("img.drawing")).to_be_visible()
    _, drawn = _saved(page, blocks.last.get_by_title("Download the diagram as SVG").click)
    for never in ("<script", "javascript:", "foreignObject", "<image", "evil.example/x.png"):
        assert never not in drawn
    assert page.evaluate("window.hacked") is None
    assert (
        answers(page).last.locator("[style], [href^='javascript'], script, foreignObject").count()
        == 0
    )
    assert page.evaluate("document.elementFromPoint(720, 30).closest('.bar') !== null")


def test_who_is_at_the_end_stays_there_when_a_diagram_is_drawn(
    open_chat: OpenChat, provider: Upstream
) -> None:
    page = open_chat()
    page.set_viewport_size({"width": 390, "height": 600})
    provider.answer("fast", text("A line.\n\n" * 30 + _fence("graph TD\n A-->B\n B-->C\n C-->D")))
    ask(page, "Draw")
    expect(page.locator("img.drawing")).to_be_visible()
    expect(page.locator(".mfoot")).to_be_in_viewport(ratio=1)


def test_images_of_the_text_are_enlarged_and_those_of_others_stay_links(
    open_chat: OpenChat, provider: Upstream
) -> None:
    picture = f"![A teal box](data:image/png;base64,{_png(900, 300)})"
    provider.answer("fast", text(f"{picture} ![far](http://evil.example/x.png)"))
    page = open_chat()
    ask(page, "Show")
    small = page.get_by_role("button", name="Enlarge the image: A teal box")
    expect(small).to_be_visible()
    assert answers(page).last.locator("img").count() == 1
    assert "far evil.example" in " ".join(answers(page).last.inner_text().split())

    dialog = page.get_by_role("dialog", name="A teal box")
    small.click()
    expect(dialog.locator("img")).to_be_visible()
    dialog.get_by_role("button", name="Actual size").click()
    assert _box(dialog.locator("img"))["width"] == 900
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(small).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Close").click()
    expect(small).to_be_focused()
    page.evaluate(
        """(source) => {
          const image = new Image();
          Object.assign(image, { src: source, alt: "Elsewhere" });
          image.dataset.zoom = "";
          document.querySelector(".ctx").append(image);
        }""",
        small.get_attribute("src"),
    )
    page.get_by_role("button", name="Enlarge the image: Elsewhere").press("Enter")
    expect(page.get_by_role("dialog", name="Elsewhere")).to_be_visible()


def _key(page: Page) -> str:
    """A new API key of whoever is signed in."""
    made = page.evaluate(
        """async () => {
          const headers = { "content-type": "application/json" };
          const body = JSON.stringify({ name: "code" });
          return (await fetch("/api/auth/keys", { method: "POST", headers, body })).json();
        }"""
    )
    return str(made["key"])


def test_an_answer_is_rated_looked_into_and_asked_again_as_code(
    open_chat: OpenChat, provider: Upstream
) -> None:
    usage: dict[str, Any] = {"prompt_tokens": 1200, "completion_tokens": 40, "total_tokens": 1240}
    usage["prompt_tokens_details"] = {"cached_tokens": 600}
    reasoning = {"choices": [{"index": 0, "delta": {"reasoning_content": "Hm."}}]}
    provider.answer("fast", text("It's so.", usage=usage))
    page = open_chat()
    ask(page, "Why is it 'so'?")

    good, poor = page.get_by_title("Good answer"), page.get_by_title("Poor answer")
    good.click()
    page.keyboard.press("Escape")
    expect(good).to_have_attribute("aria-pressed", "true")
    poor.click()
    page.get_by_role("button", name="Wrong").click()
    page.get_by_label("Comment, if you like").fill("Not at all.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(poor).to_be_focused()
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(poor).to_have_attribute("aria-pressed", "true")
    expect(good).to_have_attribute("aria-pressed", "false")
    poor.click()
    expect(page.get_by_label("Comment, if you like")).to_have_value("Not at all.")
    expect(page.get_by_role("button", name="Wrong")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Remove rating").click()
    expect(poor).to_have_attribute("aria-pressed", "false")

    _choose(page, "Details")
    details = page.get_by_role("dialog", name="About this answer")
    for fact in ("1,200", "600", "40", "acme/fast", "req_", "tokens/s", "the provider"):
        expect(details).to_contain_text(fact)
    page.keyboard.press("Escape")
    _choose(page, "Request and response")
    raw = page.get_by_role("dialog", name="Request and response")
    expect(raw).to_contain_text("Put together from the stored conversation")
    raw.get_by_role("button", name="Copy the request").click()
    assert json.loads(_clipboard(page))["messages"][-1]["content"] == "Why is it 'so'?"
    page.keyboard.press("Escape")
    _run_code(page, provider, _key(page))

    provider.answer("fast", stream(*(_event(reasoning), chunk("Yes.", finish="stop")), DONE))
    ask(page, "Think")
    thoughts = page.locator("summary", has_text="Thoughts")
    expect(page.get_by_text("Hm.", exact=True)).to_be_hidden()
    thoughts.first.click()
    expect(page.get_by_text("Hm.", exact=True)).to_be_visible()


def _event(payload: object) -> bytes:
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def _run_code(page: Page, provider: Upstream, key: str) -> None:
    """What the menu copies and saves asks the same question of the running portal."""
    environment = os.environ | {"AIPORTAL_KEY": key, "NO_PROXY": "127.0.0.1"}

    def output(*command: str, stdin: str = "") -> str:
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, env=environment, check=True
        )
        return done.stdout

    for number, item in enumerate(("Copy as curl", "Copy as Python")):
        provider.answer("fast", text(f"Again {number}"))
        _choose(page, item)
        expect(page.locator(".act-more.copied")).to_be_visible()
        code = _clipboard(page)
        command = ("sh", "-c", code) if number == 0 else (sys.executable, "-")
        assert f"Again {number}" in output(*command, stdin=code if number else "")
        assert provider.last().json["messages"][-1]["content"] == "Why is it 'so'?"
        expect(page.locator(".act-more.copied")).to_have_count(0)
    name, notebook = _saved(page, lambda: _choose(page, "Save as notebook"))
    assert name == "question.ipynb"
    assert json.loads(notebook)["cells"][2]["source"] in code
