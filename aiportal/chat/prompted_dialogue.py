"""Tools for models that were never taught to call any: by words, examples and a grammar.

The tools are described in a message, and a call is an answer that is one JSON object. Where a call is
wanted (`tool_choice`), a JSON schema, of which the server makes a grammar, leaves the model nothing
else to say; else it may answer as it likes, which small models do.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from aiportal.chat.tool_calls import WantedCall
from aiportal.chat.tool_dialogue import ENOUGH, tool_choice_of
from aiportal.chat.tool_messages import result_text
from aiportal.chat.web.query import questions_of
from aiportal.dialects import tool_json
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.events import ToolReturned
from aiportal.ids import new_id
from aiportal.tools import OfferedTool

__all__ = ["PromptedDialogue", "simple_schema"]

MAX_EXAMPLES: Final = 4  # of all tools
MAX_DESCRIPTION_CHARS: Final = 200
MAX_DEPTH: Final = 6
MAX_STRING_CHARS: Final = 500  # a grammar counts them one by one
_OWN_FIELDS: Final = frozenset(
    {"tools", "tool_choice", "parallel_tool_calls", "stream_options", "response_format"}
)
# The likeliest words: what is copied letter by letter must not be varied, nor repetition punished.
_GREEDY: Final[Mapping[str, Any]] = {
    "temperature": 0,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "dry_multiplier": 0,
}
_KEPT: Final = frozenset({"enum", "const", "minimum", "maximum", "minItems", "maxItems"})
_FORCED: Final = (
    "You turn a question into the call of a tool. Copy numbers exactly.\n\nTools:\n{tools}"
)
_FREE: Final = (
    "You may call a tool where it helps.\n\nTools:\n{tools}\n\nTo call one, answer with one JSON "
    "object and nothing else: "
    '{{"tool": name, "arguments": {{…}}}}. Else answer in plain words.'
)
_ANSWERING: Final = "You answer with the result of a tool, copied exactly."
_QUESTION_EXAMPLE: Final = (
    "What is 17 + 25?\n\nThe tool calculator gave:\n[data 3fa9]\n42\n[end of data 3fa9]"
)
_MAX_COPIED_CHARS: Final = 200
_PARTS: Final = ("before", "result")


class PromptedDialogue:
    """See `Dialogue`. One call a question: left to go on, weak models repeat themselves."""

    def __init__(
        self, request: ChatRequest, tools: Sequence[OfferedTool], *, max_chars: int
    ) -> None:
        self._asked = request
        choice = tool_choice_of(request.body, tools)
        self._is_forced = choice not in ("auto", "none")
        self._tools = [
            tool for tool in tools if not choice.startswith(":") or choice[1:] == tool.function_name
        ]
        if choice == "none":
            self._tools = []
        self._fields = {k: v for k, v in request.body.items() if k not in _OWN_FIELDS}
        self._format = request.body.get("response_format")
        self._messages: list[Any] = list(request.body["messages"])
        self._max_chars = max_chars
        self._results: list[str] = []
        self._copied: str | None = None  # a short result, which the answer has to hold as it is

    def request(self, *, is_last: bool) -> ChatRequest:
        """See Dialogue."""
        if self._results:
            body = self._answering()
        elif not self._tools or is_last:
            note = [{"role": "user", "content": ENOUGH}] if is_last else []
            body = {**self._fields, "messages": [*self._messages, *note]}
        elif self._is_forced:
            body = self._forced()
        else:
            body = {**self._fields, "messages": self._with_tools(_FREE)}
        if self._format is not None and "response_format" not in body:
            body["response_format"] = self._format
        return replace(self._asked, body=body, wants_usage=False, portal_tools=None)

    def holds(self, text: str) -> bool:
        """See Dialogue: a call is one JSON object, perhaps in a fence."""
        if self._results:
            return self._copied is not None
        if not self._tools:
            return False
        start = text.lstrip()
        return self._is_forced or not start or start.startswith(("{", "`"))

    def calls_in(self, text: str) -> list[WantedCall]:
        """See Dialogue."""
        if not self._tools or self._results:
            return []
        try:
            said = tool_json.loads(_unfenced(text))
        except ValueError:
            return []
        if not isinstance(said, dict) or not isinstance(said.get("tool"), str):
            return []
        arguments = said.get("arguments", {})
        return [WantedCall(new_id("call"), said["tool"], tool_json.dumps(arguments).decode())]

    def shown(self, text: str) -> str:
        """See Dialogue: of an answer in parts, the sentence."""
        if self._copied is None:
            return text
        try:
            parts = tool_json.loads(text)
        except ValueError:
            return text
        found = [parts.get(name) for name in _PARTS] if isinstance(parts, dict) else []
        sentence = "".join(part for part in found if isinstance(part, str))
        return f"{sentence}." if sentence else text

    def add(
        self,
        text: str,  # noqa: ARG002 - Dialogue's
        calls: Sequence[WantedCall],
        returned: Sequence[ToolReturned],
    ) -> None:
        """See Dialogue."""
        for call, one in zip(calls, returned, strict=True):
            only = _only_result(one)
            told = result_text(only, max_chars=self._max_chars)
            self._copied = _short(only) if self._format is None else None
            self._results.append(f"The tool {call.name} gave:\n{told}")

    def _forced(self) -> dict[str, Any]:
        """A call and nothing else."""
        schema = {"name": "call", "schema": _call_schema(self._tools)}
        return {
            **self._fields,
            **_GREEDY,
            "messages": self._with_tools(_FORCED),
            "response_format": {"type": "json_schema", "json_schema": schema},
        }

    def _answering(self) -> dict[str, Any]:
        """The question once more, with the results below it: what small models copy best."""
        question = questions_of(self._asked.body["messages"])[-1:]
        content = "\n\n".join([*question, *self._results])
        parts = {"before": "The answer is ", "result": "42"}
        said = "The answer is 42." if self._copied is None else _json(parts)
        messages = [
            {"role": "system", "content": _ANSWERING},
            {"role": "user", "content": _QUESTION_EXAMPLE},
            {"role": "assistant", "content": said},
            {"role": "user", "content": content},
        ]
        body = {**self._fields, **_GREEDY, "messages": messages}
        if self._copied is not None:
            schema = {"name": "answer", "schema": _answer_schema(self._copied)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body

    def _with_tools(self, words: str) -> list[Any]:
        """The conversation after a description of the tools and examples of calls."""
        listed = "\n".join(_line(tool) for tool in self._tools)
        system = {"role": "system", "content": words.format(tools=listed)}
        return [system, *self._examples(), *self._messages]

    def _examples(self) -> list[dict[str, Any]]:
        pairs = [
            (question, {"tool": tool.function_name, "arguments": arguments})
            for tool in self._tools
            for question, arguments in tool.examples
        ]
        return [
            message
            for question, call in pairs[:MAX_EXAMPLES]
            for message in (
                {"role": "user", "content": question},
                {"role": "assistant", "content": _json(call)},
            )
        ]


def _only_result(returned: ToolReturned) -> ToolReturned:
    """Of an object with a `result` only that: each further field is one more that may be copied."""
    result = returned.result
    if isinstance(result, dict) and isinstance(result.get("result"), str | int | float):
        return replace(returned, result=result["result"])
    return returned


def _short(returned: ToolReturned) -> str | None:
    """A result that is one short line, None for any other."""
    value = returned.result
    if (
        returned.error is not None
        or isinstance(value, bool)
        or not isinstance(value, str | int | float)
    ):
        return None
    text = str(value)
    return text if text and len(text) <= _MAX_COPIED_CHARS and text.isprintable() else None


def _answer_schema(result: str) -> dict[str, Any]:
    """A sentence that ends with the result, which is given: small models lose a digit of a long number.

    Before it there are no digits, so that they do not write it twice.
    """
    words = {"type": "string", "pattern": r'^[^0-9"\\]{0,60}$'}
    return {
        "type": "object",
        "properties": {"before": words, "result": {"const": result}},
        "required": list(_PARTS),
        "additionalProperties": False,
    }


def _line(tool: OfferedTool) -> str:
    """Its schema is left to the grammar: of braces in a prompt small models make more of them."""
    arguments = ", ".join(simple_schema(tool.parameters).get("properties", ()))
    return f"{tool.function_name}({arguments}): {tool.description[:MAX_DESCRIPTION_CHARS]}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _unfenced(text: str) -> str:
    """A text without the fence of a block of code around it."""
    text = text.strip()
    if not (text.startswith("```") and text.endswith("```")):
        return text
    return text[3:-3].strip().removeprefix("json").strip()


def _call_schema(tools: Sequence[OfferedTool]) -> dict[str, Any]:
    calls = [
        {
            "type": "object",
            "properties": {
                "tool": {"const": tool.function_name},
                "arguments": simple_schema(tool.parameters),
            },
            "required": ["tool", "arguments"],
            "additionalProperties": False,
        }
        for tool in tools
    ]
    return calls[0] if len(calls) == 1 else {"anyOf": calls}


def simple_schema(schema: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """What of a JSON Schema every grammar can say. The call is checked against the whole of it later.

    Of an object with required properties only those are left: weak models fill in the others with
    what they should not.
    """
    simple = {name: value for name, value in schema.items() if name in _KEPT}
    kind = schema.get("type")
    if isinstance(kind, str):
        simple["type"] = kind
    if kind == "string" and "enum" not in schema and "const" not in schema:
        simple["minLength"] = min(int(schema.get("minLength", 0)), MAX_STRING_CHARS)
        simple["maxLength"] = min(int(schema.get("maxLength", MAX_STRING_CHARS)), MAX_STRING_CHARS)
    if depth >= MAX_DEPTH:
        return simple
    if kind == "object" and isinstance(properties := schema.get("properties"), Mapping):
        required = [name for name in schema.get("required", ()) if name in properties]
        kept = required or list(properties)
        simple["properties"] = {
            name: simple_schema(properties[name], depth + 1)
            for name in kept
            if isinstance(properties[name], Mapping)
        }
        simple["required"] = required
        simple["additionalProperties"] = False
    if kind == "array" and isinstance(items := schema.get("items"), Mapping):
        simple["items"] = simple_schema(items, depth + 1)
    return simple
