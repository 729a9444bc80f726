"""Calls in answers: their places, their states, and that nothing in them is taken for HTML."""

import re
from typing import Any

import nh3
import pytest

from aiportal.events import Event, TextDelta, ToolArtifact, ToolCalled, ToolReturned, TurnFinished
from pages.markdown import MarkdownRenderer
from pages.render import Answer, ChatRenderer, Texts

HOSTILE = (
    "</pre></code></div></details><script>alert(1)</script><img src=//evil.test/x onerror=alert(1)>"
    "\n```\n# ![x](http://evil.test/p.png) [y](javascript:alert(1))\n````\n$x$ `"
)


def _answer(*events: Event) -> Answer:
    answer = Answer(question_id="", model="", turn_id="turn_1")
    for event in events:
        answer = answer.after(event)
    return answer


def _html(*events: Event) -> str:
    return ChatRenderer(MarkdownRenderer()).answer_html(_answer(*events))


def _called(call_id: str = "a", *, approval_id: str | None = None, **arguments: Any) -> ToolCalled:
    return ToolCalled("calculator", "Calculator", call_id, arguments, approval_id)


def _returned(call_id: str = "a", result: Any = None, **fields: Any) -> ToolReturned:
    fields = {"error": None, "duration_ms": 1234.0} | fields
    return ToolReturned("calculator", call_id, result, **fields)


def _places(html: str, *texts: str) -> list[int]:
    return [html.index(text) for text in texts]


def test_calls_stand_between_the_texts_before_and_after_them() -> None:
    html = _html(
        TextDelta("Let me **see**."), _called("a", x=1), _called("b", x=2), _returned("b", "second"),
        _returned("a", "first"), TextDelta("\n\nSo far."), _called("c", x=3), _returned("c", "third"),
        TextDelta("\n\nIt is *done*."), TurnFinished("done", "stop"),
    )  # fmt: skip

    places = _places(
        html, "<strong>see", "first", "second", "So far.", "third", "<em>done", "mfoot"
    )
    assert places == sorted(places)
    assert html.count("<details") == html.count("</details>") == 3


def test_an_answer_that_grows_is_drawn_as_one_that_is_whole() -> None:
    events: list[Event] = [
        TextDelta("One.\n\n"),
        _called(x=1),
        _returned(result=[{"a": 1}]),
        TextDelta("Two."),
    ]
    markdown = MarkdownRenderer()
    renderer, texts = ChatRenderer(markdown), Texts.growing(markdown)
    grown = [renderer.answer_html(_answer(*events[:count]), texts) for count in range(1, 5)]

    assert grown[-1] == renderer.answer_html(_answer(*events))
    # What a reader has unfolded stays so: the tag itself is the same before and after the end.
    assert all('<details class="tool"><summary>' in html for html in grown[1:])
    assert ["s-running" in html for html in grown[1:]] == [True, False, False]
    assert "The model is working." in grown[2]
    assert "The model is working." not in grown[1] + grown[3]


@pytest.mark.parametrize(
    ("error_type", "state"),
    [
        (None, "done"),
        ("ZeroDivisionError", "failed"),
        ("declined", "declined"),
        ("expired", "expired"),
        ("cancelled", "cancelled"),
        ("interrupted", "interrupted"),
    ],
)
def test_each_end_has_its_word(error_type: str | None, state: str) -> None:
    error = None if error_type is None else "It did not <work>."
    html = _html(_called(x=1), _returned(result=None, error=error, error_type=error_type))

    assert re.search(rf'class="tstate s-{state}">[\w ]+<', html)
    assert ("It did not &lt;work&gt;." in html) == (error is not None)
    assert "1.2 s" in html


def test_a_call_that_waits_shows_what_it_runs_and_asks() -> None:
    html = _html(_called(path="/etc/passwd", approval_id='ap"1'))

    assert 's-waiting">waits for your approval' in html
    places = _places(html, "/etc/passwd", "act-approve", "act-decline")
    assert places == sorted(places)
    assert html.count('value="ap&quot;1"') == 2
    assert "act-approve" not in _html(_called(approval_id="ap"), _returned(result=1))


@pytest.mark.parametrize("tool_id", ["calculator", "code-execution"])
def test_nothing_of_a_tool_is_taken_for_html(tool_id: str) -> None:
    arguments = {"code": HOSTILE, HOSTILE: [HOSTILE]}
    file = ToolArtifact(f"{HOSTILE}.png", 'image/png"><script>', 3, id='x"><script>')
    picture = ToolArtifact(f"{HOSTILE}.png", "image/png", 3, id="artifact_1")
    parts = {"stdout": HOSTILE, "stderr": HOSTILE, "artifacts": (file, picture)}
    for result in (HOSTILE, {HOSTILE: HOSTILE}, [{HOSTILE: HOSTILE}]):
        html = _html(
            ToolCalled(tool_id, HOSTILE, HOSTILE, arguments, HOSTILE),
            _returned(HOSTILE, result, **parts),
        )

        assert "\n" not in html
        assert not re.search(
            r"<script|<img(?! class=\"shot\" src=\"/api/v1/)|javascript:\S*\"", html
        )
        assert re.findall(r'(?:src|href)="([^"]*)"', html) == [
            "/api/v1/tool-artifacts/artifact_1",
            "/api/v1/tool-artifacts/x%22%3E%3Cscript%3E",
        ]
        # A parser sees the same tags closed that were opened: nothing has broken out.
        tags = {"details", "summary", "div", "span", "b", "p", "button", "pre", "code", "a"}
        assert nh3.clean(html, tags=tags).count("</details>") == html.count("<details") == 1
        assert html.endswith("</div></details></div>") or html.count("</details>") == 1


def test_only_pictures_of_known_kinds_are_shown() -> None:
    kinds = ("image/png", "image/svg+xml", "text/html", "image/webp")
    files = tuple(ToolArtifact(f"f{n}", kind, 2048, id=f"a{n}") for n, kind in enumerate(kinds))
    html = _html(_called(), _returned(artifacts=files))

    assert re.findall(r'<img class="shot" src="([^"]*)"', html) == [
        "/api/v1/tool-artifacts/a0",
        "/api/v1/tool-artifacts/a3",
    ]
    assert html.count('class="qfile i-file"') == 2
    assert "2.0 kB" in html


def test_files_that_are_not_stored_are_where_the_chat_says() -> None:
    small = ToolArtifact("a.png", "image/png", 3, data="AAAA")
    svg = ToolArtifact("a.svg", "image/svg+xml", 3, data="AAAA")
    gone = ToolArtifact("big.png", "image/png", 9_000_000)
    broken = ToolArtifact("b.png", "image/png", 3, data='"><script>')
    events = (_called(), _returned(artifacts=(small, svg, gone, broken)))
    html = _html(*events)
    assert re.findall(r'src="([^"]*)"', html) == ["data:image/png;base64,AAAA"]
    assert html.count("The file was not kept.") == 3

    answer = _answer(*events)
    at = Answer(
        question_id="", model="", tool_calls=answer.tool_calls, files_at="/temporary-files/c/t"
    )
    html = ChatRenderer(MarkdownRenderer()).answer_html(at)
    assert 'src="/temporary-files/c/t/a/0"' in html
    assert 'href="/temporary-files/c/t/a/1"' in html


def test_records_become_a_table_and_long_ones_say_so() -> None:
    html = _html(_called(), _returned(result=[{"name": "a", "n": n} for n in range(60)]))

    assert html.count("<tr>") == 51
    assert "<td>a</td>" in html
    assert '<td class="right">49</td>' in html
    assert '<th>name</th><th class="right">n</th>' in html
    assert "60 rows and 2 columns" in html
    assert "<table" not in _html(_called(), _returned(result=[{"deep": {"er": 1}}]))


def test_figures_by_two_names_become_a_table_wherever_they_stand() -> None:
    figures = {"age": {"count": 3, "<b>": 2.5}, "town": {"count": 2}}
    html = _html(_called(), _returned(result={"note": "n", "describe": figures}))

    assert '<p class="tnote">describe</p><div class="tblock">' in html
    assert '<th></th><th class="right">count</th><th class="right">&lt;b&gt;</th>' in html
    assert '<tr><td>town</td><td class="right">2</td><td class="right"></td></tr>' in html
    assert "note" in html
    assert "note" not in _html(_called(), _returned(result=figures)).replace("tnote", "")


def test_what_is_long_is_cut_and_what_was_left_out_is_told() -> None:
    html = _html(_called(), _returned(result="x" * 50_000, is_truncated=True))

    assert "44,000 more characters" in html
    assert "A part was too long and was left out." in html
    assert len(html) < 20_000


def test_what_is_agreed_to_is_shown_to_its_last_letter() -> None:
    html = _html(_called(first="x" * 20_000, to="bcc\u202e\u200b", approval_id="ap"))
    assert "x" * 20_000 in html
    assert r"bcc\u202e\u200b" in html
    assert "\u202e" not in html


def test_what_cannot_be_shown_whole_can_be_declined_only() -> None:
    html = _html(_called(text="x" * 200_000, approval_id="ap"))
    assert "act-approve" not in html
    assert "act-decline" in html
    assert "too long to be shown here" in html
