"""Answers side by side are one message of safe HTML in one line."""

from aiportal.events import UsageReported
from pages.columns import Column, ColumnsRenderer
from pages.markdown import MarkdownRenderer
from pages.render import Answer

USAGE = UsageReported("req_1", "acme/fast", "acme/fast#0", 9, 1234, 0.0123, True, 250.0, 3_400.0)


def _html(*columns: Column, below: str = "", mark: str = "", address: str = "") -> str:
    renderer = ColumnsRenderer(MarkdownRenderer())
    content = renderer.message(columns, below=below, mark=mark, address=address)["content"]
    assert isinstance(content, str)
    assert "\n" not in content
    return content


def test_an_ended_answer_has_its_figures_and_can_be_gone_on_with() -> None:
    answer = Answer("q", "", text="**yes**", status="done", usage=USAGE, is_cut=True)
    html = _html(Column("k", "acme/fast", answer, stopped_by="turn_1", chosen_by="msg_1"))
    assert "<strong>yes</strong>" in html
    for words in (
        "cut off",
        "1,234 tokens (estimated)",
        "$0.01",
        "first token 0.25 s",
        "3.4 s in all",
    ):
        assert words in html
    assert 'act-choose" value="msg_1"' in html
    assert "act-stop-one" not in html


def test_a_running_one_can_be_stopped_and_one_without_text_not_gone_on_with() -> None:
    running = Column("k", "m", Answer("q", "", text="half"), stopped_by="turn_1", chosen_by="msg_1")
    failed = Column(
        "l", "n", Answer("q", "", status="error", error_message="<No>"), chosen_by="msg_2"
    )
    html = _html(running, failed, below="<p>x</p>", mark="blind")
    assert 'act-stop-one" value="turn_1"' in html
    assert "act-choose" not in html
    assert "&lt;No&gt;" in html
    assert '<div class="cmp-all blind"><div class="cmp n2">' in html
    assert html.endswith("<p>x</p></div>")
    stopped = _html(Column("k", "m", Answer("q", "", text="half", status="cancelled")))
    assert "stopped" in stopped


def test_names_and_texts_are_escaped_and_thoughts_open_until_the_answer_begins() -> None:
    thinking = Answer("q", "", reasoning="hm\nhm <script>x</script>")
    html = _html(Column("k", "<b>name</b>", thinking))
    assert "&lt;b&gt;name" in html
    assert "<script" not in html
    assert '<details class="think" open>' in html
    answering = Answer("q", "", reasoning="hm", text="so")
    assert '<details class="think">' in _html(Column("k", "m", answering))


def test_only_what_is_being_written_is_followed() -> None:
    running = Column("turn_1", "m", Answer("q", "", text="half"))
    done = Column("turn_2", "n", Answer("q", "", text="whole", status="done"))
    html = _html(running, done, address="battle/b")
    assert html.count('<section class="cmp-col live from-battle/b part-turn_1">') == 1
    assert html.count('<section class="cmp-col">') == 1
