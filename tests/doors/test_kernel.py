"""In a real kernel: answers show while they come, Stop stops, the magics work, `launch` serves."""

import urllib.request

import pytest

import aiportal
from tests.doors.kernel import Kernel
from tests.upstreams import Hang, Upstream, chunk, stream, text

SOON_S = 1


@pytest.fixture(autouse=True)
def _new_conversation(kernel: Kernel, provider: Upstream) -> None:
    provider.answer("fast", text("**Paris**."))
    provider.answer("slow", text("**Paris**."))
    kernel.run("%ai reset")


# Answers


@pytest.mark.parametrize("call", ["portal.chat('Hi')", "await portal.achat('Hi')"])
def test_an_answer_is_shown_once_and_rendered(kernel: Kernel, call: str) -> None:
    (html,) = kernel.run(call).shown("text/html")
    assert "<strong>Paris</strong>" in html
    assert "acme/fast" in html


def test_an_answer_that_is_kept_is_shown_while_it_comes_and_again_when_asked_for(
    kernel: Kernel,
) -> None:
    assert kernel.run("answer = portal.chat('Hi')").shown() == ["**Paris**."]
    assert kernel.run("answer").shown() == ["**Paris**."]
    assert kernel.run("str(answer)").shown() == ["'**Paris**.'"]


def test_an_answer_is_shown_while_it_comes(kernel: Kernel, provider: Upstream) -> None:
    provider.answer("fast", stream(chunk("Par"), Hang()))
    stopped = kernel.run_and_stop("portal.chat('Hi')", when=kernel.wait_for_output)
    assert stopped.shown() == ["Par"]


def test_html_of_a_model_does_not_reach_the_page(kernel: Kernel, provider: Upstream) -> None:
    provider.answer("fast", text("<img src=x onerror=steal()><script>steal()</script>"))
    (html,) = kernel.run("portal.chat('Hi')").shown("text/html")
    assert "<img" not in html
    assert "<script" not in html


@pytest.mark.parametrize(
    "call",
    [
        "portal.chat('Hi')",
        "await portal.achat('Hi')",
        "for piece in portal.stream('Hi'): pass",
        "portal.batch(['Hi', 'Ho'])",
        "portal.conversation().ask('Hi')",
        "%%ai\nHi",
    ],
)
def test_the_kernels_stop_cancels_the_upstream(
    kernel: Kernel, provider: Upstream, call: str
) -> None:
    provider.answer("fast", stream(chunk("Par"), Hang()))
    before = len(provider.requests)
    stopped = kernel.run_and_stop(call, lambda: provider.wait_for(before + 1))
    provider.last().closed.wait(SOON_S)
    assert "KeyboardInterrupt" in stopped.text or "CancelledError" in stopped.text


# Magics


def test_a_cell_is_asked_with_the_values_of_variables(kernel: Kernel, provider: Upstream) -> None:
    kernel.run("city = 'Paris'")
    run = kernel.run('%%ai\nWhat is {city}? Answer as {"name": ...}')
    assert run.shown() == ["**Paris**."]
    question = provider.last().json["messages"][-1]["content"]
    assert question == 'What is Paris? Answer as {"name": ...}'


def test_cells_go_on_with_one_conversation_until_it_is_reset(
    kernel: Kernel, provider: Upstream
) -> None:
    kernel.run("%%ai\nOne?")
    kernel.run("%%ai\nTwo?")
    asked = [message["content"] for message in provider.last().json["messages"]]
    assert asked == ["One?", "**Paris**.", "Two?"]
    kernel.run("%ai reset")
    kernel.run("%%ai\nThree?")
    assert len(provider.last().json["messages"]) == 1


def test_model_and_parameters_are_those_of_the_first_line(
    kernel: Kernel, provider: Upstream
) -> None:
    kernel.run("""%%ai acme/slow -m '{"temperature": 0, "max_tokens": 5}'\nHi""")
    sent = provider.last().json
    assert (sent["model"], sent["temperature"], sent["max_tokens"]) == ("slow", 0, 5)


def test_code_goes_into_a_new_cell(kernel: Kernel, provider: Upstream) -> None:
    provider.answer("fast", text("Sure:\n```python\nprint(1)\n```\nDone."))
    assert kernel.run("%%ai -f code\nPrint one").next_cells == ["print(1)"]


def test_html_is_shown_without_what_could_do_harm(kernel: Kernel, provider: Upstream) -> None:
    provider.answer("fast", text("```html\n<b onclick=steal()>Hi</b><script>x</script>\n```"))
    assert kernel.run("%%ai -f html\nA page").shown("text/html") == ["<b>Hi</b>"]


def test_json_is_shown_as_a_value(kernel: Kernel, provider: Upstream) -> None:
    provider.answer("fast", text('```json\n{"capital": "Paris"}\n```'))
    assert kernel.run("%%ai -f json\nJSON").shown("application/json") == [{"capital": "Paris"}]


def test_a_formula_is_shown_as_one(kernel: Kernel, provider: Upstream) -> None:
    provider.answer("fast", text("$$x^2$$"))
    assert kernel.run("%%ai -f math\nSquare").shown("text/latex") == ["$$\nx^2\n$$"]


def test_text_is_shown_as_it_is(kernel: Kernel) -> None:
    run = kernel.run("%%ai -f text\nHi")
    assert run.shown() == ["**Paris**."]
    assert run.shown("text/html") == []


def test_the_last_error_is_explained(kernel: Kernel, provider: Upstream) -> None:
    kernel.run("1 / 0")
    kernel.run("%ai fix")
    question = provider.last().json["messages"][-1]["content"]
    assert "1 / 0" in question
    assert "ZeroDivisionError" in question
    assert "ZeroDivisionError" in kernel.run("list(Err.values())[-1]").shown()[0]


def test_models_are_listed_by_provider(kernel: Kernel) -> None:
    assert "acme/slow" in kernel.run("%ai list").shown("text/html")[0]
    assert kernel.run("%ai list openai").shown() == ["[]"]


def test_help_and_version_are_there(kernel: Kernel) -> None:
    assert "%%ai [MODEL]" in kernel.run("%ai help").text
    assert kernel.run("%ai version").shown() == [repr(aiportal.__version__)]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%%ai acme/none\nHi", "There is no model 'acme/none'"),
        ("%%ai -f poem\nHi", "invalid choice: 'poem'"),
        ("%%ai -m [1]\nHi", "takes a JSON object"),
        ("%%ai -m {\nHi", "takes a JSON object"),
        ("%ai destroy", "invalid choice: 'destroy'"),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(kernel: Kernel, cell: str, words: str) -> None:
    run = kernel.run(cell)
    assert words in run.text
    assert "Traceback" not in run.text


def test_the_extension_can_be_unloaded_and_loaded_again(kernel: Kernel) -> None:
    kernel.run("%unload_ext aiportal")
    assert "not found" in kernel.run("%ai version").text
    kernel.run("%load_ext aiportal")
    assert kernel.run("%ai version").text == ""


# The web app


def test_launch_shows_the_web_app_once_and_for_all(kernel: Kernel) -> None:
    run = kernel.run("app = launch(); assert launch(inline=False) is app; portal.models()")
    frame = run.shown("text/html")[0]
    assert "<iframe" in frame
    assert "login/link?token=" in frame
    url = kernel.run("app.url").shown()[0].strip("'")
    with urllib.request.urlopen(f"{url}/login", timeout=10) as page:
        assert b"AI Portal" in page.read()
        assert "http://localhost:*" in page.headers["content-security-policy"]
    assert kernel.run("app.close(); portal.models()").text == ""
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url, timeout=5)
