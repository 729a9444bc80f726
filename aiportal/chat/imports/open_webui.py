"""Open WebUI's export: a list of chats, each with its `history` of messages."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from aiportal.chat.imports.folding import MAX_NODES, ForeignNode, fold
from aiportal.chat.imports.foreign import ForeignConversation, quoted, text_of
from aiportal.chat.imports.markup import attachment
from aiportal.chat.imports.moments import moment_text
from aiportal.chat.parameters import SamplingParameters, sampling_parameters
from aiportal.errors import InvalidRequest

__all__ = ["from_open_webui", "is_open_webui"]

Kind = Literal["question", "answer", "system", "nothing"]
_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {"user": "question", "assistant": "answer", "tool": "answer", "system": "system"}
)
_THOUGHTS: Final = '<details type="reasoning"'
_END: Final = "</details>"


def is_open_webui(value: object) -> bool:
    """Whether a file's item has this shape: a chat in its envelope."""
    return isinstance(value, dict) and isinstance(value.get("chat"), dict)


def from_open_webui(value: Mapping[str, Any], foreign_id: str) -> ForeignConversation:
    """foreign_id: for a chat that has no id of its own. Raises InvalidRequest."""
    chat = value["chat"]
    history = chat.get("history")
    history = history if isinstance(history, dict) else {}
    nodes = _nodes(history.get("messages"), chat.get("messages"))
    folded = fold(nodes, shown_id=text_of(history.get("currentId")) or None)
    settings = chat.get("params")
    settings = settings if isinstance(settings, dict) else {}
    prompt = text_of(chat.get("system")) or text_of(settings.get("system"))
    return ForeignConversation(
        source="open-webui",
        foreign_id=text_of(value.get("id")) or text_of(chat.get("id")) or foreign_id,
        title=text_of(value.get("title")) or text_of(chat.get("title")),
        messages=folded.messages,
        system_prompt=prompt or folded.system_prompt,
        parameters=_parameters(settings),
        created_at=moment_text(value.get("created_at") or chat.get("timestamp")),
        updated_at=moment_text(value.get("updated_at")),
    )


def _nodes(by_id: object, in_a_row: object) -> list[ForeignNode]:
    """Of the tree; of the plain list of messages that old exports have instead."""
    if isinstance(by_id, dict) and by_id:
        return [_node(key, message, _parent(key, message)) for key, message in _bounded(by_id)]
    if not isinstance(in_a_row, list):
        if isinstance(by_id, dict) or (by_id is None and in_a_row is None):
            return []
        raise InvalidRequest("Its `history` holds no messages that can be read.")
    numbered = {str(number): message for number, message in enumerate(in_a_row)}
    return [
        _node(key, message, str(int(key) - 1) if key != "0" else None)
        for key, message in _bounded(numbered)
    ]


def _bounded(messages: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if len(messages) > MAX_NODES:
        raise InvalidRequest(f"It has {len(messages):,} nodes; at most {MAX_NODES:,} are taken.")
    for key, message in messages.items():
        if not isinstance(message, dict):
            raise InvalidRequest(f"Its message {quoted(key)} is no object.")
        yield key, message


def _parent(key: str, message: Mapping[str, Any]) -> str | None:
    parent_id = message.get("parentId")
    if parent_id is not None and not isinstance(parent_id, str):
        raise InvalidRequest(
            f"The message {quoted(key)} follows {quoted(parent_id)}, which is no id."
        )
    return parent_id


def _node(key: str, message: Mapping[str, Any], parent_id: str | None) -> ForeignNode:
    role = message.get("role")
    kind = _KINDS.get(role) if isinstance(role, str) else None
    if kind is None:
        raise InvalidRequest(f"The message {quoted(key)} has the unknown role {quoted(role)}.")
    thoughts, text = _thoughts_and_text(_content(message))
    text = "\n\n".join(filter(None, (text, *_attachments(message.get("files")))))
    return ForeignNode(
        key,
        parent_id,
        kind if text or thoughts else "nothing",
        text=text,
        thoughts=thoughts,
        model=text_of(message.get("model")) or None,
        created_at=moment_text(message.get("timestamp")),
    )


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict)]
        content = "\n\n".join(text_of(part.get("text")) for part in parts)
    text = text_of(content).strip()
    error = message.get("error")
    if text or not error:
        return text
    return text_of(error.get("content") if isinstance(error, dict) else error)


def _attachments(files: object) -> Iterator[str]:
    for file in files if isinstance(files, list) else ():
        if isinstance(file, dict):
            is_image = file.get("type") == "image"
            yield attachment("image" if is_image else "file", text_of(file.get("name")))


def _thoughts_and_text(content: str) -> tuple[str, str]:
    """What stands in blocks of reasoning, and what stands around them."""
    thoughts, texts = [], []
    place = 0
    while (start := content.find(_THOUGHTS, place)) >= 0:
        opened = content.find(">", start)
        end = content.find(_END, opened)
        if opened < 0 or end < 0:
            break
        texts.append(content[place:start])
        thoughts.append(_unquoted(content[opened + 1 : end]))
        place = end + len(_END)
    texts.append(content[place:])
    return "\n\n".join(filter(None, thoughts)), "".join(texts).strip()


def _unquoted(block: str) -> str:
    """A block of reasoning without its summary and the marks of a quotation."""
    _, found, behind = block.partition("</summary>")
    lines = (behind if found else block).strip().splitlines()
    return "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines)


def _parameters(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those that have a counterpart here and a value that it takes."""
    kept: dict[str, Any] = {}
    for name in SamplingParameters.model_fields:
        if settings.get(name) is None:
            continue
        try:
            kept |= sampling_parameters({name: settings[name]})
        except InvalidRequest:  # such as a model's own kind of `stop`: left out
            continue
    return kept
