"""ChatGPT's `conversations.json`: a list of conversations, each a `mapping` of nodes."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from aiportal.chat.imports.folding import MAX_NODES, ForeignNode, fold
from aiportal.chat.imports.foreign import ForeignConversation, quoted, text_of
from aiportal.chat.imports.markup import attachment, fenced, without_citations
from aiportal.chat.imports.moments import moment_text
from aiportal.errors import InvalidRequest

__all__ = ["from_chatgpt", "is_chatgpt"]

Content = Mapping[str, Any]
Kind = Literal["question", "answer", "system", "nothing"]

_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {"user": "question", "assistant": "answer", "tool": "answer", "system": "system"}
)
# About the user or for the machinery; ChatGPT does not show them either.
_UNSEEN: Final = frozenset(
    {
        "user_editable_context",
        "model_editable_context",
        "reasoning_recap",
        "tether_quote",
        "tether_browsing_display",
    }
)


def is_chatgpt(value: object) -> bool:
    """Whether a file's item has this shape."""
    return isinstance(value, dict) and isinstance(value.get("mapping"), dict)


def from_chatgpt(value: Mapping[str, Any], foreign_id: str) -> ForeignConversation:
    """foreign_id: for a conversation that has no id of its own. Raises InvalidRequest."""
    mapping = value["mapping"]
    if len(mapping) > MAX_NODES:
        raise InvalidRequest(f"It has {len(mapping):,} nodes; at most {MAX_NODES:,} are taken.")
    nodes = [_node(key, node, value) for key, node in mapping.items()]
    folded = fold(nodes, shown_id=text_of(value.get("current_node")) or None)
    own_id = text_of(value.get("conversation_id")) or text_of(value.get("id"))
    return ForeignConversation(
        source="chatgpt",
        foreign_id=own_id or foreign_id,
        title=text_of(value.get("title")),
        messages=folded.messages,
        system_prompt=folded.system_prompt,
        created_at=moment_text(value.get("create_time")),
        updated_at=moment_text(value.get("update_time")),
    )


def _node(key: str, node: object, conversation: Mapping[str, Any]) -> ForeignNode:
    if not isinstance(node, dict):
        raise InvalidRequest(f"Its node {quoted(key)} is no object.")
    parent_id = node.get("parent")
    if parent_id is not None and not isinstance(parent_id, str):
        raise InvalidRequest(f"The node {quoted(key)} follows {quoted(parent_id)}, which is no id.")
    message = node.get("message")
    if message is None:
        return ForeignNode(key, parent_id, "nothing")
    if not isinstance(message, dict):
        raise InvalidRequest(f"The message of its node {quoted(key)} is no object.")
    role = _object(message, "author").get("role")
    kind = _KINDS.get(role) if isinstance(role, str) else None
    if kind is None:
        raise InvalidRequest(f"The message {quoted(key)} has the unknown role {quoted(role)}.")
    content, about = _object(message, "content"), _object(message, "metadata")
    is_hidden = about.get("is_visually_hidden_from_conversation") is True
    if is_hidden or content.get("content_type") in _UNSEEN:
        return ForeignNode(key, parent_id, "nothing")
    thoughts, text = _thoughts(content), _text(message, content)
    return ForeignNode(
        key,
        parent_id,
        kind if text or thoughts else "nothing",
        text=text,
        thoughts=thoughts,
        model=_model(about, conversation) if role == "assistant" else None,
        created_at=moment_text(message.get("create_time")),
    )


def _model(about: Content, conversation: Mapping[str, Any]) -> str | None:
    slug = text_of(about.get("model_slug")) or text_of(conversation.get("default_model_slug"))
    return slug or None


def _thoughts(content: Content) -> str:
    thoughts = content.get("thoughts")
    if content.get("content_type") != "thoughts" or not isinstance(thoughts, list):
        return ""
    found = [one for one in thoughts if isinstance(one, dict)]
    pairs = ((text_of(one.get("summary")), text_of(one.get("content"))) for one in found)
    return "\n\n".join(text for pair in pairs for text in pair if text)


def _text(message: Content, content: Content) -> str:
    """What the message says, as Markdown; "" if it says nothing."""
    kind = content.get("content_type")
    role = _object(message, "author").get("role")
    text = _WAYS.get(kind if isinstance(kind, str) else "", _parts)(content)
    if role == "tool" and kind != "multimodal_text":
        return fenced(text)
    recipient = text_of(message.get("recipient")) or "all"
    if role == "assistant" and (kind == "code" or recipient != "all"):
        language = text_of(content.get("language")).replace("unknown", "")
        return fenced(text, "python" if recipient.startswith("python") else language)
    return without_citations(text)


def _parts(content: Content) -> str:
    parts = content.get("parts")
    if not isinstance(parts, list):
        return text_of(content.get("text")) or text_of(content.get("result"))
    return "\n\n".join(filter(None, _pieces(parts)))


def _pieces(parts: list[object]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            kind = text_of(part.get("content_type"))
            is_image = kind.startswith("image")
            said = text_of(part.get("text"))  # of a spoken part: its transcript
            yield said or attachment("image" if is_image else "attachment")


def _error(content: Content) -> str:
    return ": ".join(filter(None, (text_of(content.get("name")), text_of(content.get("text")))))


def _nothing(_: Content) -> str:
    return ""


_WAYS: Final[Mapping[str, Callable[[Content], str]]] = MappingProxyType(
    {"system_error": _error, "thoughts": _nothing}
)


def _object(value: Mapping[str, Any], key: str) -> Content:
    found = value.get(key)
    return found if isinstance(found, dict) else {}
