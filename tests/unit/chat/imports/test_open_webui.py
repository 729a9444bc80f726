"""Open WebUI's chats."""

from typing import Any

import pytest

from aiportal.chat.imports.open_webui import from_open_webui
from aiportal.errors import InvalidRequest
from tests.unit.chat.imports.files import OPEN_WEBUI, open_webui

THINKING = (
    '<details type="reasoning" done="true" duration="3">\n<summary>Thought for 3 seconds</summary>\n'
    "> One.\n> Two.\n</details>\n"
)


def _asked(**answer: Any) -> dict[str, Any]:
    return open_webui(
        {
            "q": {"parentId": None, "role": "user", "content": "Hi"},
            "a": {"parentId": "q", "role": "assistant"} | answer,
        }
    )


def test_tree_models_and_times_are_kept() -> None:
    found = from_open_webui(OPEN_WEBUI, "x")

    question, answer = found.messages
    assert (found.source, found.foreign_id, found.title) == ("open-webui", "w-1", "Ferns")
    assert found.updated_at == "2023-11-14T22:14:20.000+00:00"
    assert (answer.parent_id, answer.content) == (question.id, "A plant.")
    assert answer.model == "llama3.2:latest"
    assert answer.created_at == "2023-11-14T22:13:21.000+00:00"


def test_the_chosen_branch_comes_last() -> None:
    chat = open_webui(
        {
            "q": {"parentId": None, "role": "user", "content": "Hi"},
            "a": {"parentId": "q", "role": "assistant", "content": "A"},
            "b": {"parentId": "q", "role": "assistant", "content": "B"},
        }
    )
    chat["chat"]["history"]["currentId"] = "a"

    assert [one.content for one in from_open_webui(chat, "x").messages] == ["Hi", "B", "A"]


def test_blocks_of_reasoning_are_taken_out_of_the_text() -> None:
    answer = from_open_webui(_asked(content=f"{THINKING}Three."), "x").messages[1]

    assert (answer.reasoning, answer.content) == ("One.\nTwo.", "Three.")


def test_a_block_of_reasoning_without_an_end_stays_text() -> None:
    text = '<details type="reasoning">' * 20_000

    assert from_open_webui(_asked(content=text), "x").messages[1].content == text


def test_prompt_and_parameters_are_taken_where_they_fit() -> None:
    settings = {"system": "Be brief.", "temperature": 0, "top_k": 4, "stop": 7, "top_p": None}
    found = from_open_webui(
        open_webui({"q": {"parentId": None, "role": "user", "content": "Hi"}}, params=settings), "x"
    )

    assert (found.system_prompt, found.parameters) == ("Be brief.", {"temperature": 0})


def test_files_leave_a_trace_and_a_failure_its_words() -> None:
    question = {
        "parentId": None,
        "role": "user",
        "content": [{"type": "text", "text": "See"}],
        "files": [{"type": "image", "url": "data:"}, {"type": "file", "name": "a*b].pdf"}],
    }
    failed = {"parentId": "q", "role": "assistant", "content": "", "error": {"content": "Away."}}
    found = from_open_webui(open_webui({"q": question, "a": failed}), "x")

    assert [one.content for one in found.messages] == [
        "See\n\n*[image]*\n\n*[file: a b .pdf]*",
        "Away.",
    ]


def test_an_old_export_has_its_messages_in_a_row() -> None:
    row = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]
    chat = open_webui({})
    chat["chat"]["messages"] = row
    found = from_open_webui(chat, "x")

    assert [(one.content, one.parent_id) for one in found.messages] == [("Hi", None), ("Ho", "0")]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"role": "robot"}, "unknown role 'robot'"),
        ({"role": None}, "unknown role"),
        ({"role": "user", "timestamp": 1e300}, "none that can have been"),
        ({"role": "user", "parentId": ["q"]}, "no id"),
        ({"role": "user", "parentId": "a"}, "circle"),
    ],
)
def test_what_is_wrong_is_said(message: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        from_open_webui(_asked(**message), "x")


@pytest.mark.parametrize("messages", ["x", 7, {"a": "x"}, {"a": 7}])
def test_messages_that_are_none_are_refused(messages: object) -> None:
    chat = open_webui({})
    chat["chat"]["history"]["messages"] = messages

    with pytest.raises(InvalidRequest):
        from_open_webui(chat, "x")
