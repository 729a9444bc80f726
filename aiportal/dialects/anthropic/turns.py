"""Messages of a conversation: each of Anthropic's becomes one or several of Chat Completions'."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import orjson

from aiportal.dialects.anthropic.parts import ContentBlock, Part, content_of, parts_of
from aiportal.dialects.anthropic.schema import (
    AnyBlock,
    Message,
    RedactedThinkingBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from aiportal.dialects.anthropic.thinking import field_of, is_mark
from aiportal.errors import InvalidRequest

__all__ = ["Turns"]

Wire = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Turns:
    """Translates for one model.

    is_anthropic: what asks it knows Anthropic's own fields, and images in the result of a tool.
    """

    model: str
    is_anthropic: bool

    def system(self, system: str | Sequence[TextBlock]) -> Wire:
        """The system prompt as a message."""
        if isinstance(system, str):
            return {"role": "system", "content": system}
        if self.is_anthropic and any(block.cache_control for block in system):
            return {"role": "system", "content": self._parts(system)}
        return {"role": "system", "content": "\n\n".join(block.text for block in system)}

    def messages(self, message: Message, where: str) -> list[Wire]:
        """One message. where: its place in the body. Raises InvalidRequest for a block in the wrong role."""
        if isinstance(message.content, str):
            return [{"role": message.role, "content": message.content}]
        match message.role:
            case "user":
                return self._of_user(message.content, where)
            case "assistant":
                return [self._of_assistant(message.content, where)]
            case "system":
                texts = [one for one in message.content if isinstance(one, TextBlock)]
                _refuse_others(message.content, texts, message.role, where)
                return [self.system(texts)]
            case _:
                assert_never(message.role)

    def _of_user(self, blocks: Sequence[AnyBlock], where: str) -> list[Wire]:
        results = [one for one in blocks if isinstance(one, ToolResultBlock)]
        others = [one for one in blocks if isinstance(one, ContentBlock)]
        _refuse_others(blocks, [*results, *others], "user", where)
        # Tools' results have to follow the call at once, so the rest of the message comes behind.
        messages, rest = [], []
        for result in results:
            messages.append(self._tool_message(result))
            rest += self._left_out(result)
        rest += self._parts(others)
        if rest or not messages:
            messages.append({"role": "user", "content": content_of(rest)})
        return messages

    def _tool_message(self, result: ToolResultBlock) -> Wire:
        parts = self._result_parts(result)
        if result.is_error:
            parts.insert(0, {"type": "text", "text": "Error:"})
        message: Wire = {"role": "tool", "tool_call_id": result.tool_use_id}
        if self.is_anthropic:
            message["content"] = content_of(parts) or ""
            if result.cache_control is not None:
                message["cache_control"] = result.cache_control
        else:
            texts = [part["text"] for part in parts if part["type"] == "text"]
            message["content"] = (" " if result.is_error else "\n").join(texts)
        return message

    def _result_parts(self, result: ToolResultBlock) -> list[Part]:
        if isinstance(result.content, str):
            return [{"type": "text", "text": result.content}]
        return self._parts(result.content or ())

    def _left_out(self, result: ToolResultBlock) -> list[Part]:
        """What of a result Chat Completions takes only from the user."""
        if self.is_anthropic:
            return []
        return [part for part in self._result_parts(result) if part["type"] != "text"]

    def _of_assistant(self, blocks: Sequence[AnyBlock], where: str) -> Wire:
        texts = [one for one in blocks if isinstance(one, TextBlock)]
        calls = [one for one in blocks if isinstance(one, ToolUseBlock)]
        thoughts = [one for one in blocks if isinstance(one, ThinkingBlock | RedactedThinkingBlock)]
        _refuse_others(blocks, [*texts, *calls, *thoughts], "assistant", where)
        message: Wire = {"role": "assistant", "content": "".join(one.text for one in texts)}
        if self.is_anthropic and any(one.cache_control for one in texts):
            message["content"] = self._parts(texts)
        if calls:
            message["content"] = message["content"] or None
            message["tool_calls"] = [self._call(one) for one in calls]
        return message | self._thinking(thoughts)

    def _call(self, call: ToolUseBlock) -> Wire:
        function = {"name": call.name, "arguments": orjson.dumps(call.input).decode()}
        wire: Wire = {"id": call.id, "type": "function", "function": function}
        if self.is_anthropic and call.cache_control is not None:
            wire["cache_control"] = call.cache_control
        return wire

    def _thinking(self, blocks: Sequence[ThinkingBlock | RedactedThinkingBlock]) -> Wire:
        if self.is_anthropic:
            signed = [
                block.model_dump(exclude={"cache_control"})
                for block in blocks
                if isinstance(block, RedactedThinkingBlock) or not is_mark(block.signature)
            ]
            return {"thinking_blocks": signed} if signed else {}
        fields: dict[str, str] = {}
        for block in blocks:
            if isinstance(block, ThinkingBlock) and (
                field := field_of(block.signature, self.model)
            ):
                fields[field] = fields.get(field, "") + block.thinking
        return fields

    def _parts(self, blocks: Sequence[ContentBlock]) -> list[Part]:
        return [
            part for block in blocks for part in parts_of(block, is_anthropic=self.is_anthropic)
        ]


def _refuse_others(
    blocks: Sequence[AnyBlock], fitting: Sequence[AnyBlock], role: str, where: str
) -> None:
    if len(fitting) == len(blocks):
        return
    known = {id(block) for block in fitting}
    index = next(number for number, block in enumerate(blocks) if id(block) not in known)
    path = f"{where}.content.{index}"
    raise InvalidRequest(
        f"`{path}` is not valid: a block of type `{blocks[index].type}` cannot be in a message of "
        f"the {role}.",
        param=path,
    )
