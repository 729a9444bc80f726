"""An exchange as JSON and as code, whatever is in its texts."""

import ast
import json
import shlex
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aiportal.chat import Message, RawExchange
from aiportal.chat.messages import Failure
from aiportal.events import UsageReported

USAGE = UsageReported("req_1", "acme/slow", "d1", 9, 4, 0.5, False, 1.0, 2.0, 2, 3, 1)
ANSWER = Message(
    id="msg_2",
    conversation_id="conv_1",
    parent_id="msg_1",
    turn_id="turn_1",
    role="assistant",
    content="So.",
    reasoning="Hm.",
    model="acme/fast",
    status="done",
    finish_reason="stop",
    usage=USAGE,
    cost_usd=0.5,
    error=None,
    created_at="2026-01-01T00:00:00.000+00:00",
)


def _body(*texts: str, **parameters: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text} for text in texts]
    return {**parameters, "model": "acme/fast", "messages": messages, "stream": True}


def _arguments(python: str) -> dict[str, Any]:
    """What the program calls the model with."""
    for node in ast.walk(ast.parse(python)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("completions.create"):
            return {str(one.arg): ast.literal_eval(one.value) for one in node.keywords}
    raise AssertionError("it calls no model")


def test_the_response_has_the_shape_of_a_chat_completion() -> None:
    raw = RawExchange.of(ANSWER, _body("Why?"))

    assert raw.request_id == "req_1"
    assert "2 calls" in raw.note
    assert raw.response["model"] == "acme/slow"
    assert raw.response["choices"][0]["message"]["reasoning_content"] == "Hm."
    assert raw.response["usage"]["total_tokens"] == 13
    assert raw.response["usage"]["completion_tokens_details"] == {"reasoning_tokens": 1}


def test_files_that_are_not_in_it_are_told() -> None:
    assert "Files" not in RawExchange.of(ANSWER, _body("Why?")).note
    assert "Files" in RawExchange.of(ANSWER, _body("Why?"), has_files=True).note


def test_a_failure_without_usage_is_told_too() -> None:
    failed = replace(
        ANSWER, usage=None, status="error", error=Failure("Gone.", None, "api_error"), edited_at="x"
    )
    raw = RawExchange.of(failed, _body("Why?"))

    assert raw.request_id is None
    assert "edited" in raw.note
    assert raw.response["id"] == "msg_2"
    assert raw.response["error"]["message"] == "Gone."
    assert "usage" not in raw.response


@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=200), max_size=3),
    st.floats(0, 2),
    st.text("'\"\\\n$`", max_size=5),
)
def test_any_text_comes_through_as_it_is(texts: list[str], temperature: float, stop: str) -> None:
    body = _body(*texts, temperature=temperature, stop=[stop])
    code = RawExchange.of(ANSWER, body).code("http://portal.example")
    expected = {name: value for name, value in body.items() if name != "stream"}

    assert _arguments(code.python) == expected
    words = shlex.split(code.curl)
    assert json.loads(words[words.index("--data-binary") + 1]) == expected
    assert words[3] == "http://portal.example/v1/chat/completions"
    assert code.notebook["cells"][2]["source"] + "\n" == code.python
