"""ChatGPT's conversations."""

from typing import Any

import pytest

from aiportal.chat.imports.chatgpt import from_chatgpt
from aiportal.errors import InvalidRequest
from tests.unit.chat.imports.files import CHATGPT, chatgpt, node


def _contents(value: dict[str, Any]) -> list[str]:
    return [one.content for one in from_chatgpt(value, "x").messages]


def _told(*nodes: dict[str, Any]) -> str:
    """The answer that these nodes below a question make."""
    asked = chatgpt(node("q", None, "user", "Hi"), *nodes)
    return _contents(asked)[1]


def test_tree_models_and_times_are_kept() -> None:
    found = from_chatgpt(CHATGPT, "x")

    question, first, second = found.messages
    assert (found.source, found.foreign_id, found.title) == ("chatgpt", "c-1", "Heat pumps")
    assert found.created_at == "2023-11-14T22:13:20.250+00:00"
    assert found.updated_at == "2023-11-14T22:14:20.250+00:00"
    assert (question.role, question.parent_id, question.content) == (
        "user",
        None,
        "What is a heat pump?",
    )
    assert [one.parent_id for one in (first, second)] == [question.id] * 2
    assert (second.content, second.model) == ("A fridge, turned round.", "gpt-4o")
    assert second.created_at == "2023-11-14T22:13:20.250+00:00"


def test_the_branch_that_was_open_comes_last() -> None:
    assert _contents(CHATGPT | {"current_node": "a1"})[-1] == "A fridge."


def test_a_tools_call_and_its_result_are_part_of_the_answer() -> None:
    call = {"content_type": "code", "language": "unknown", "text": "print(1)"}
    result = {"content_type": "execution_output", "text": "1"}
    answer = _told(
        node("a1", "q", "assistant", content=call, recipient="python"),
        node("t1", "a1", "tool", content=result),
        node("a2", "t1", "assistant", "It is one."),
    )

    assert answer == "```python\nprint(1)\n```\n\n```\n1\n```\n\nIt is one."


def test_thoughts_are_the_answers_reasoning() -> None:
    thoughts = {
        "content_type": "thoughts",
        "thoughts": [{"summary": "Sums", "content": "Two and two."}, {"content": None}, 7],
    }
    recap = {"content_type": "reasoning_recap", "content": "Thought for 5s"}
    found = from_chatgpt(
        chatgpt(
            node("q", None, "user", "Hi"),
            node("a1", "q", "assistant", content=thoughts),
            node("a2", "a1", "assistant", content=recap),
            node("a3", "a2", "assistant", "Four."),
        ),
        "x",
    )

    answer = found.messages[1]
    assert (answer.content, answer.reasoning) == ("Four.", "Sums\n\nTwo and two.")


def test_pictures_and_speech_leave_a_trace() -> None:
    parts = [
        {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"},
        {"content_type": "audio_transcription", "text": "spoken"},
        {"content_type": "audio_asset_pointer"},
        "written",
    ]
    content = {"content_type": "multimodal_text", "parts": parts}
    found = _contents(chatgpt(node("q", None, "user", content=content)))

    assert found == ["*[image]*\n\nspoken\n\n*[attachment]*\n\nwritten"]


def test_what_chatgpt_does_not_show_stays_out() -> None:
    hidden = {"is_visually_hidden_from_conversation": True}
    context = {"content_type": "user_editable_context", "user_profile": "secret"}
    page = {"content_type": "tether_quote", "text": "a whole page"}
    answer = _told(
        node("c", "q", "user", content=context),
        node("h", "c", "assistant", "secret", metadata=hidden),
        node("t", "h", "tool", content=page),
        node("a", "t", "assistant", "Seen\ue200cite\ue202turn0search0\ue201."),
    )

    assert answer == "Seen."


def test_a_visible_instruction_is_the_system_prompt() -> None:
    found = from_chatgpt(
        chatgpt(node("s", None, "system", "Be brief."), node("q", "s", "user", "Hi")), "x"
    )

    assert found.system_prompt == "Be brief."


def test_code_with_fences_in_it_stays_whole() -> None:
    result = {"content_type": "execution_output", "text": "````\nx\n````"}

    assert _told(node("t", "q", "tool", content=result)) == "`````\n````\nx\n````\n`````"


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ([node("q", None, "robot", "Hi")], "unknown role 'robot'"),
        ([node("q", None, "user", "Hi", author={"role": ["user"]})], "unknown role"),
        ([node("q", None, "user", "Hi", author=None)], "unknown role None"),
        ([node("q", None, "user", "Hi", create_time=-5)], "time -5"),
        ([node("q", None, "user", "Hi", create_time="x" * 500)], "none that can have been"),
        ([node("q", "q", "user", "Hi")], "circle"),
        ([{"id": "q", "parent": 7}], "no id"),
        ([{"id": "q", "message": "Hi"}], "no object"),
    ],
)
def test_what_is_wrong_is_said(nodes: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        from_chatgpt(chatgpt(*nodes), "x")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"x": 1}, []),
        ({"parts": 7}, []),
        ({"parts": [None, 7, {}, [1]]}, ["*[attachment]*"]),
        ({"content_type": 7}, []),
        ({"thoughts": {}}, []),
    ],
)
def test_odd_contents_are_no_error(content: dict[str, Any], said: list[str]) -> None:
    found = from_chatgpt(chatgpt(node("q", None, "user", content=content)), "x")
    assert [message.content for message in found.messages] == said
