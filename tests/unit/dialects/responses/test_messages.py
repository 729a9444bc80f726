"""aiportal.dialects.responses.messages"""

from typing import Any

import pytest

from aiportal.dialects.responses import read_items
from aiportal.dialects.responses.messages import chat_messages
from aiportal.errors import InvalidRequest

QUESTION = {"role": "user", "content": "Weather?"}
ASKED = {"role": "user", "content": "Weather?"}


def call(call_id: str) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": "f", "arguments": "{}"}


def result(call_id: str, output: object = "ok") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def thought(text: str) -> dict[str, Any]:
    content = [{"type": "reasoning_text", "text": text}]
    return {"type": "reasoning", "id": "rs_1", "summary": [], "content": content}


def called(*call_ids: str, **fields: Any) -> dict[str, Any]:
    """The assistant's message with these calls."""
    function = {"name": "f", "arguments": "{}"}
    calls = [{"id": one, "type": "function", "function": function} for one in call_ids]
    return {"role": "assistant", "content": None, "tool_calls": calls} | fields


def answered(call_id: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": "ok"}


def messages(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return chat_messages(read_items(list(items)), None)


def test_instructions_come_first() -> None:
    assert chat_messages(read_items([QUESTION]), "Be brief.")[0] == {
        "role": "system",
        "content": "Be brief.",
    }


def test_parallel_calls_are_one_message() -> None:
    assert messages(QUESTION, call("a"), call("b"), result("b"), result("a")) == [
        ASKED,
        called("a", "b"),
        answered("b"),
        answered("a"),
    ]


def test_calls_one_after_the_other_are_two_messages() -> None:
    found = messages(QUESTION, call("a"), result("a"), call("b"), result("b"))
    assert found == [ASKED, called("a"), answered("a"), called("b"), answered("b")]


def test_what_is_said_and_called_in_one_go_is_one_message() -> None:
    said = {"role": "assistant", "content": [{"type": "output_text", "text": "Let me see."}]}
    expected = [ASKED, called("a", content="Let me see."), answered("a")]
    assert messages(QUESTION, said, call("a"), result("a")) == expected
    assert messages(QUESTION, call("a"), said, result("a")) == expected


def test_a_thought_goes_back_while_the_model_works_on_the_question() -> None:
    found = messages(QUESTION, thought("Look it up."), call("a"), result("a"))
    assert found[1] == called("a", reasoning_content="Look it up.")


def test_a_thought_of_an_earlier_question_is_left_out() -> None:
    found = messages(QUESTION, thought("Hm."), {"role": "assistant", "content": "Fine."}, QUESTION)
    assert found[1] == {"role": "assistant", "content": "Fine."}


def test_an_output_without_its_call_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="call_id"):
        messages(QUESTION, result("a"))


def test_a_reference_to_nothing_is_refused() -> None:
    with pytest.raises(InvalidRequest) as caught:
        messages({"type": "item_reference", "id": "msg_1"})
    assert caught.value.code == "item_not_found"


PARTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an image": (
        {"type": "input_image", "image_url": "data:x", "detail": "low"},
        {"type": "image_url", "image_url": {"url": "data:x", "detail": "low"}},
    ),
    "an image in its own size": (
        {"type": "input_image", "image_url": "data:x", "detail": "original"},
        {"type": "image_url", "image_url": {"url": "data:x", "detail": "high"}},
    ),
    "a file": (
        {"type": "input_file", "file_data": "data:x", "filename": "a.pdf"},
        {"type": "file", "file": {"file_data": "data:x", "filename": "a.pdf"}},
    ),
    "sound": (
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
    ),
    "a provider's mark": (
        {"type": "input_text", "text": "a", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_a_question(name: str) -> None:
    part, expected = PARTS[name]
    text = {"type": "input_text", "text": "Look:"}
    found = messages({"role": "user", "content": [text, part]})
    assert found[0]["content"] == [{"type": "text", "text": "Look:"}, expected]


def test_a_refusal_stays_one() -> None:
    part = {"type": "refusal", "refusal": "No."}
    assert messages({"role": "assistant", "content": [part]})[0]["content"] == [part]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_image", "file_id": "file_1"},
        {"type": "input_file", "file_url": "https://example.com/a.pdf"},
    ],
)
def test_what_the_portal_would_have_to_fetch_is_refused(part: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        messages({"role": "user", "content": [part]})
