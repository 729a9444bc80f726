"""Tools for models that were never taught any: what such a model is asked."""

import json
from typing import Any

import pytest

from aiportal.chat.prompted_dialogue import PromptedDialogue
from aiportal.dialects.openai_chat import ChatLimits, ChatRequest
from aiportal.events import ToolReturned
from aiportal.tools import OfferedTool

LIMITS = ChatLimits(max_messages=10, max_content_chars=1_000)
CALL = json.dumps({"tool": "adder", "arguments": {"a": 1}})
ADDER = OfferedTool(
    id="adder",
    function_name="adder",
    name="Adder",
    description="Adds.",
    parameters={"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    needs_approval=False,
)


def _dialogue(**fields: Any) -> PromptedDialogue:
    body = {"model": "m", "messages": [{"role": "user", "content": "Add."}], **fields}
    return PromptedDialogue(ChatRequest.parse(body, LIMITS), [ADDER], max_chars=1_000)


@pytest.mark.parametrize("fields", [{}, {"tool_choice": "required"}])
def test_after_one_result_it_answers(fields: dict[str, Any]) -> None:
    dialogue = _dialogue(**fields)
    assert "adder(a)" in str(dialogue.request(is_last=False).body["messages"])
    calls = dialogue.calls_in(CALL)
    assert [(call.name, call.parsed) for call in calls] == [("adder", {"a": 1})]

    dialogue.add(CALL, calls, [ToolReturned("adder", calls[0].id, 43, None, 1.0)])

    asked = dialogue.request(is_last=False).body
    assert "43" in asked["messages"][-1]["content"]
    assert dialogue.calls_in(CALL) == []
    answer = asked["response_format"]["json_schema"]["schema"]
    assert answer["properties"]["result"] == {"const": "43"}
    assert dialogue.shown('{"before": "It is ", "result": "43"}') == "It is 43."


def test_what_is_no_call_is_an_answer() -> None:
    dialogue = _dialogue()
    for text in ("Hello.", '{"a": 1}', '["tool"]', '{"tool": 1}', "{", ""):
        assert dialogue.calls_in(text) == [], text
    assert [call.name for call in dialogue.calls_in(f"```json\n{CALL}\n```")] == ["adder"]


def test_arguments_keep_all_their_digits() -> None:
    (called,) = _dialogue().calls_in(f'{{"tool": "adder", "arguments": {{"a": {2**100}}}}}')
    assert called.parsed == {"a": 2**100}


def test_a_question_in_parts_stands_above_the_result() -> None:
    parts = [{"type": "text", "text": "What is 1 + 42?"}]
    messages = [{"role": "user", "content": "Hi."}, {"role": "user", "content": parts}]
    dialogue = _dialogue(messages=messages)
    dialogue.add(CALL, dialogue.calls_in(CALL), [ToolReturned("adder", "a", 43, None, 1.0)])
    content = dialogue.request(is_last=False).body["messages"][-1]["content"]
    assert content.startswith("What is 1 + 42?\n\nThe tool adder gave:")
