"""aiportal.dialects.responses.chat_body"""

from typing import Any

import pytest

from aiportal.dialects.openai_chat import ChatLimits
from aiportal.dialects.responses import ResponsesBody, chat_request
from aiportal.errors import InvalidRequest

TOOL = {"type": "function", "name": "f", "parameters": {"type": "object"}}


def asked(**fields: Any) -> dict[str, Any]:
    """What a model is asked by a request with these fields."""
    needed = {"model": "acme/fast", "input": [], "instructions": "Be brief."}
    body = ResponsesBody.parse(needed | fields)
    items = body.input if isinstance(body.input, list) else []
    chat = dict(chat_request(body, items, ChatLimits()).body)
    del chat["model"], chat["messages"]
    return chat


FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "zero is a value": ({"temperature": 0, "top_p": 0}, {"temperature": 0, "top_p": 0}),
    "the most tokens": ({"max_output_tokens": 7}, {"max_completion_tokens": 7}),
    "effort": ({"reasoning": {"effort": "low"}}, {"reasoning_effort": "low"}),
    "verbosity": ({"text": {"verbosity": "low"}}, {"verbosity": "low"}),
    "plain text": ({"text": {"format": {"type": "text"}}}, {}),
    "any JSON": (
        {"text": {"format": {"type": "json_object"}}},
        {"response_format": {"type": "json_object"}},
    ),
    "a schema": (
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": {}, "strict": True}}},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": {}, "strict": True},
            }
        },
    ),
    "log probabilities": ({"top_logprobs": 2}, {"logprobs": True, "top_logprobs": 2}),
    "log probabilities by include": (
        {"include": ["message.output_text.logprobs", "reasoning.encrypted_content"]},
        {"logprobs": True},
    ),
    "a stream tells its usage": (
        {"stream": True, "stream_options": {"include_obfuscation": False}},
        {"stream": True, "stream_options": {"include_usage": True}},
    ),
    "what is the portal's own stays here": (
        {"store": True, "metadata": {"a": "b"}, "truncation": "auto", "max_tool_calls": 3},
        {},
    ),
    "what belongs to the provider travels on": (
        {"user": "u", "safety_identifier": "s", "prompt_cache_key": "k", "service_tier": "flex"},
        {"user": "u", "safety_identifier": "s", "prompt_cache_key": "k", "service_tier": "flex"},
    ),
    "unknown fields travel on": ({"top_k": 20, "seed": 0}, {"top_k": 20, "seed": 0}),
    "null is as if it were not there": ({"temperature": None, "tools": None, "text": None}, {}),
    "a tool": (
        {"tools": [TOOL], "parallel_tool_calls": False},
        {
            "tools": [
                {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
            ],
            "parallel_tool_calls": False,
        },
    ),
}


@pytest.mark.parametrize("name", FIELDS)
def test_what_a_model_is_asked(name: str) -> None:
    given, expected = FIELDS[name]
    assert asked(**given) == expected


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("required", "required"),
        ({"type": "function", "name": "f"}, {"type": "function", "function": {"name": "f"}}),
        ({"type": "allowed_tools", "mode": "auto", "tools": [TOOL]}, "auto"),
    ],
)
def test_a_choice_of_tools(choice: object, expected: object) -> None:
    other = TOOL | {"name": "g"}
    chat = asked(tools=[TOOL, other], tool_choice=choice)

    assert chat["tool_choice"] == expected
    is_narrowed = isinstance(choice, dict) and choice["type"] == "allowed_tools"
    assert len(chat["tools"]) == (1 if is_narrowed else 2)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "background": ({"background": True}, "background"),
    "a conversation": ({"conversation": "conv_1"}, "conversation"),
    "a prompt template": ({"prompt": {"id": "p"}}, "prompt"),
    "compaction": ({"context_management": [{"type": "compaction"}]}, "context_management"),
    "messages": ({"messages": []}, "messages"),
    "several answers": ({"n": 2}, "n"),
    "chat's formats": ({"response_format": {"type": "json_object"}}, "response_format"),
    "a built-in tool": ({"tools": [{"type": "web_search"}]}, "tools.0"),
    "a custom tool": ({"tools": [{"type": "custom", "name": "c"}]}, "tools.0.type"),
    "a form of tools that is none": ({"tools": {"enabled": 1}}, "tools.enabled"),
    "a choice of no tool": ({"tool_choice": {"type": "function", "name": "f"}}, "tool_choice"),
    "a built-in tool's choice": ({"tool_choice": {"type": "web_search"}}, "tool_choice"),
    "an unknown item": ({"input": [{"type": "computer_call"}]}, "input.0"),
    "an unknown part": (
        {"input": [{"role": "user", "content": [{"type": "hologram"}]}]},
        "input.0.content.0",
    ),
    "a text that is none": (
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": 7}]}]},
        "input.0.content.0.text",
    ),
    "too much metadata": ({"metadata": {str(n): "" for n in range(17)}}, "metadata"),
    "a temperature of 2.1": ({"temperature": 2.1}, "temperature"),
    "web search": ({"web_search": True}, "web_search"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused_by_its_name(name: str) -> None:
    given, param = REFUSED[name]
    with pytest.raises(InvalidRequest) as caught:
        asked(**given)
    assert (caught.value.param or "").startswith(param)
    assert "[" not in (caught.value.param or "")


def test_there_is_nothing_to_ask_without_an_input() -> None:
    with pytest.raises(InvalidRequest) as caught:
        ResponsesBody.parse({"model": "acme/fast"})
    assert caught.value.param == "input"


def test_the_bounds_of_a_chat_are_those_of_an_input() -> None:
    body = ResponsesBody.parse({"model": "acme/fast", "input": [{"role": "user", "content": "a"}]})
    items = body.input * 3 if isinstance(body.input, list) else []
    with pytest.raises(InvalidRequest, match="3 messages") as caught:
        chat_request(body, items, ChatLimits(max_messages=2))
    assert caught.value.param == "input"
