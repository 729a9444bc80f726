"""A model is sent the branch, without failed answers, cut to what it can hold."""

from dataclasses import replace
from typing import Any

import pytest

from aiportal.chat import AttachedFile, Message
from aiportal.chat.continuation import INSTRUCTION
from aiportal.chat.prompt import chat_body


def _message(content: str, role: Any = "user", status: Any = "done") -> Message:
    return Message(
        id="msg",
        conversation_id="conv",
        parent_id=None,
        turn_id=None,
        role=role,
        content=content,
        reasoning="",
        model=None,
        status=status,
        finish_reason=None,
        usage=None,
        cost_usd=None,
        error=None,
        created_at="",
    )


def _branch(*contents: str) -> list[Message]:
    roles = ("user", "assistant")
    return [_message(content, roles[index % 2]) for index, content in enumerate(contents)]


def _sent(branch: list[Message], **options: Any) -> list[tuple[str, Any]]:
    defaults: dict[str, Any] = {
        "model_id": "acme/fast",
        "system_prompt": "",
        "parameters": {},
        "context_window": None,
        "max_messages": 1_000,
    }
    body = chat_body(branch, **defaults | options)
    return [(message["role"], message["content"]) for message in body["messages"]]


def test_parameters_and_the_system_prompt_lead() -> None:
    body = chat_body(
        _branch("Hi"),
        model_id="acme/fast",
        system_prompt="Be brief.",
        parameters={"temperature": 0},
        context_window=None,
        max_messages=10,
    )

    assert body == {
        "temperature": 0,
        "model": "acme/fast",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
        ],
        "stream": True,
    }


@pytest.mark.parametrize("answer", [("", "done"), ("half", "error"), ("", "cancelled")])
def test_a_failed_or_empty_answer_is_left_out_and_its_question_joined(
    answer: tuple[str, str],
) -> None:
    failed = _message(answer[0], "assistant", answer[1])

    assert _sent([*_branch("One"), failed, *_branch("Two")]) == [("user", "One\n\nTwo")]


def test_a_stopped_answer_is_part_of_what_was_said() -> None:
    branch = _branch("One", "half an", "Two")
    branch[1] = replace(branch[1], status="cancelled")

    assert _sent(branch) == [("user", "One"), ("assistant", "half an"), ("user", "Two")]


def test_the_oldest_exchanges_go_first_when_the_window_is_full() -> None:
    branch = _branch("a" * 300, "b" * 300, "c" * 300, "d" * 300, "e" * 30)

    kept = _sent(branch, context_window=300)

    assert [content[0] for _, content in kept] == ["c", "d", "e"]


def test_room_is_kept_for_the_answer_that_is_asked_for() -> None:
    branch = _branch("a" * 300, "b" * 300, "c" * 300)

    assert len(_sent(branch, context_window=600, parameters={"max_tokens": 100})) == 3
    assert len(_sent(branch, context_window=600, parameters={"max_tokens": 400})) == 1


def test_the_newest_question_and_the_system_prompt_always_stay() -> None:
    kept = _sent(_branch("a", "b", "c" * 900), context_window=100, system_prompt="S" * 900)

    assert [content[0] for _, content in kept] == ["S", "c"]


def test_no_more_messages_are_sent_than_are_taken() -> None:
    branch = _branch(*["word"] * 2_001)

    assert len(_sent(branch, max_messages=1_000)) == 999
    assert len(_sent(branch, max_messages=1_000, system_prompt="S")) == 1_000


def test_an_answer_to_go_on_with_is_shown_and_asked_for_its_rest() -> None:
    branch = _branch("one", "two", "three")
    branch.append(_message("half an", "assistant", "running"))

    assert _sent(branch, goes_on=True)[-3:] == [
        ("user", "three"),
        ("assistant", "half an"),
        ("user", INSTRUCTION),
    ]


def test_of_an_answer_too_long_for_the_window_the_end_is_shown() -> None:
    branch = _branch("question", "x" * 9_000 + "the end")

    question, (role, shown), asked = _sent(branch, goes_on=True, context_window=2_000)

    assert question == ("user", "question")
    assert (role, asked[1]) == ("assistant", INSTRUCTION)
    assert shown.endswith("the end")
    assert 3_000 < len(shown) < 4_500


def test_the_oldest_exchanges_make_room_for_an_answer_to_go_on_with() -> None:
    branch = _branch("x" * 5_000, "old", "question", "half an")

    assert _sent(branch, goes_on=True, context_window=1_000) == [
        ("user", "question"),
        ("assistant", "half an"),
        ("user", INSTRUCTION),
    ]
    assert len(_sent(_branch(*"abcd"), goes_on=True, max_messages=4)) == 3


def _file(name: str, kind: Any = "text", tokens: int = 10) -> AttachedFile:
    return AttachedFile(name, name, kind, "text/plain", size=1, tokens=tokens)


def _load(file: AttachedFile) -> dict[str, Any]:
    if file.kind == "image":
        return {"type": "image_url", "image_url": {"url": "data:"}}
    return {"type": "text", "text": f"<{file.name}>" + "x" * file.size}


def test_files_stand_before_their_question_and_images_in_parts() -> None:
    first = replace(_message("One"), attachments=(_file("a"),))
    second = replace(_message("Two"), attachments=(_file("b", "image"),))

    assert _sent([first], load=_load) == [("user", "<a>x\n\nOne")]
    assert _sent([first, second], load=_load)[0][1] == [
        {"type": "text", "text": "<a>x\n\nOne"},
        {"type": "image_url", "image_url": {"url": "data:"}},
        {"type": "text", "text": "Two"},
    ]


def test_a_long_file_comes_in_several_parts() -> None:
    question = replace(_message("?"), attachments=(replace(_file("a"), size=25),))

    parts = _sent([question], load=_load, max_part_chars=10)[0][1]

    assert [len(part["text"]) for part in parts] == [10, 10, 8, 1]


def test_files_count_towards_the_window() -> None:
    heavy = replace(_message("old"), attachments=(_file("a", tokens=700),))
    branch = [heavy, _message("answer", "assistant"), _message("new")]

    assert len(_sent(branch, load=_load, context_window=1_000)) == 3
    heavier = replace(heavy, attachments=(_file("a", tokens=800),))
    assert _sent([heavier, *branch[1:]], load=_load, context_window=1_000) == [("user", "new")]
