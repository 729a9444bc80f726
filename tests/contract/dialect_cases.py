"""Requests that providers of other dialects must get as LiteLLM's `acompletion` would send them."""

from typing import Any

__all__ = ["REQUESTS"]

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
USER = {"role": "user", "content": "Weather in Paris?"}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


def _call(number: int, city: str) -> dict[str, Any]:
    function = {"name": "weather", "arguments": f'{{"city": "{city}"}}'}
    return {"id": f"call_{number}", "type": "function", "function": function}


def _result(number: int, text: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": f"call_{number}", "content": text}


_CALLS = {"role": "assistant", "content": None, "tool_calls": [_call(1, "Paris"), _call(2, "Rome")]}
_RESULTS = [_result(1, "sunny"), _result(2, "wet")]
_IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}

REQUESTS: dict[str, dict[str, Any]] = {
    "text": {},
    "system prompt": {"messages": [{"role": "system", "content": "Be brief."}, USER]},
    "developer prompt": {"messages": [{"role": "developer", "content": "Be brief."}, USER]},
    "temperature 0": {"temperature": 0, "top_p": 0.5, "max_tokens": 7},
    "top_k": {"top_k": 3},
    "stop": {"stop": ["END", "HALT"]},
    "one stop": {"stop": "END", "max_completion_tokens": 9},
    "user": {"user": "someone-1"},
    "image": {"messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, _IMAGE]}]},
    "tools": {"messages": [USER], "tools": [WEATHER]},
    "tool choice": {"messages": [USER], "tools": [WEATHER], "tool_choice": "required"},
    "named tool": {
        "messages": [USER],
        "tools": [WEATHER],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
    },
    "no tool": {"messages": [USER], "tools": [WEATHER], "tool_choice": "none"},
    "tool results": {"messages": [USER, _CALLS, *_RESULTS], "tools": [WEATHER]},
    "json schema": {"messages": [USER], "response_format": SCHEMA},
    "json object": {"messages": [USER], "response_format": {"type": "json_object"}},
    "reasoning effort": {"reasoning_effort": "low", "max_tokens": 4000},
    "thinking": {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 4000},
    "long talk": {
        "messages": [
            USER,
            {"role": "assistant", "content": "Sunny."},
            {"role": "user", "content": "And in Rome?"},
        ]
    },
}
