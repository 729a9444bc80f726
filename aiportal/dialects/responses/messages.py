"""From items to the messages of Chat Completions, one translator a kind of item and of part."""

from collections.abc import Sequence
from typing import Any, assert_never

from aiportal.dialects.responses.items import (
    FunctionCall,
    FunctionCallOutput,
    InputAudio,
    InputFile,
    InputImage,
    InputMessage,
    InputText,
    Item,
    ItemReference,
    OutputText,
    Part,
    Reasoning,
    Refusal,
)
from aiportal.errors import InvalidRequest

__all__ = ["chat_messages"]


def chat_messages(items: Sequence[Item], instructions: str | None) -> list[dict[str, Any]]:
    """The messages that ask a model the same.

    What a model thought is handed back to it as `reasoning_content` while it works on the last
    question (some models need that between tool calls), and left out before, as OpenAI does.
    Raises InvalidRequest for what cannot be said by messages.
    """
    transcript = _Transcript()
    if instructions is not None:
        transcript.messages.append({"role": "system", "content": instructions})
    questions = [number for number, item in enumerate(items) if _is_question(item)]
    last_question = questions[-1] if questions else -1
    for number, item in enumerate(items):
        if not isinstance(item, Reasoning):
            transcript.add(item)
        elif number > last_question:
            transcript.think(item)
    return transcript.messages


def _is_question(item: Item) -> bool:
    return isinstance(item, InputMessage) and item.role == "user"


class _Transcript:
    """Joins what an assistant said, thought and called in one go to one message."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self._assistant: dict[str, Any] | None = None
        self._thought = ""
        self._call_ids: set[str] = set()

    def think(self, item: Reasoning) -> None:
        self._thought += "".join(part.text for part in item.content or ())

    def add(self, item: InputMessage | FunctionCall | FunctionCallOutput | ItemReference) -> None:
        match item:
            case InputMessage(role="assistant"):
                self._say(item)
            case InputMessage():
                self._end_of_assistant()
                self.messages.append({"role": item.role, "content": _content(item.content)})
            case FunctionCall():
                self._call(item)
            case FunctionCallOutput():
                self._result(item)
            case ItemReference():
                raise InvalidRequest(
                    f"There is no item {item.id!r} to refer to. Only items of stored responses of "
                    "yours can be referred to; send the item itself.",
                    param="input",
                    code="item_not_found",
                )
            case _:
                assert_never(item)

    def _say(self, item: InputMessage) -> None:
        content = _spoken(item.content)
        if self._assistant is None or self._assistant["content"] is not None:
            self._begin_assistant()["content"] = content
        else:
            self._assistant["content"] = content

    def _call(self, item: FunctionCall) -> None:
        function = {"name": item.name, "arguments": item.arguments}
        call = {"id": item.call_id, "type": "function", "function": function}
        assistant = self._assistant if self._assistant is not None else self._begin_assistant()
        assistant.setdefault("tool_calls", []).append(call)
        self._call_ids.add(item.call_id)

    def _result(self, item: FunctionCallOutput) -> None:
        if item.call_id not in self._call_ids:
            raise InvalidRequest(
                f"There is no function call with the `call_id` {item.call_id[:100]!r} before its "
                "output. Send the call too, or name its response by `previous_response_id`.",
                param="input",
            )
        self._end_of_assistant()
        content = _content(item.output)
        self.messages.append({"role": "tool", "tool_call_id": item.call_id, "content": content})

    def _begin_assistant(self) -> dict[str, Any]:
        self._assistant = {"role": "assistant", "content": None}
        if self._thought:
            self._assistant["reasoning_content"] = self._thought
            self._thought = ""
        self.messages.append(self._assistant)
        return self._assistant

    def _end_of_assistant(self) -> None:
        self._assistant = None
        self._thought = ""


def _spoken(content: str | list[Part]) -> str | list[dict[str, Any]]:
    """An assistant's content: plain text where it is nothing else, which every model takes."""
    if isinstance(content, str):
        return content
    if all(isinstance(part, OutputText | InputText) for part in content):
        return "".join(part.text for part in content if isinstance(part, OutputText | InputText))
    return [_part(part) for part in content]


def _content(content: str | list[Part]) -> str | list[dict[str, Any]]:
    if isinstance(content, str):
        return content
    if len(content) == 1 and isinstance(content[0], InputText) and not content[0].model_extra:
        return content[0].text
    return [_part(part) for part in content]


def _part(part: Part) -> dict[str, Any]:
    match part:
        case InputText():
            return {"type": "text", "text": part.text, **(part.model_extra or {})}
        case OutputText():
            return {"type": "text", "text": part.text}
        case Refusal():
            return {"type": "refusal", "refusal": part.refusal}
        case InputImage():
            return _image(part)
        case InputFile():
            return _file(part)
        case InputAudio():
            audio = part.input_audio.model_dump()
            return {"type": "input_audio", "input_audio": audio, **(part.model_extra or {})}
        case _:
            assert_never(part)


def _image(part: InputImage) -> dict[str, Any]:
    if part.image_url is None:
        raise InvalidRequest(
            "An `input_image` needs `image_url`, an address or a data URL; files are not kept here.",
            param="input",
        )
    image = {"url": part.image_url}
    if part.detail is not None:
        image["detail"] = "high" if part.detail == "original" else part.detail
    return {"type": "image_url", "image_url": image, **(part.model_extra or {})}


def _file(part: InputFile) -> dict[str, Any]:
    names = ("file_data", "file_id", "filename")
    file = {name: getattr(part, name) for name in names if getattr(part, name) is not None}
    if part.file_data is None and part.file_id is None:
        raise InvalidRequest(
            "An `input_file` needs `file_data`, a data URL (the portal fetches no `file_url`), or "
            "the `file_id` of a file at the model's provider.",
            param="input",
        )
    extra = {k: v for k, v in (part.model_extra or {}).items() if k != "detail"}
    return {"type": "file", "file": file, **extra}
