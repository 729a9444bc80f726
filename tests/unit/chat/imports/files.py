"""Files as ChatGPT and Open WebUI write them, made by hand from their published shapes."""

import json
import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any

__all__ = [
    "CHATGPT",
    "OPEN_WEBUI",
    "chain",
    "chatgpt",
    "file_of",
    "node",
    "open_webui",
    "zip_of",
]

T = 1_700_000_000.25  # 2023-11-14T22:13:20.250Z


def node(
    key: str,
    parent: str | None,
    role: str = "",
    text: str = "",
    *,
    content: Mapping[str, Any] | None = None,
    **message: Any,
) -> dict[str, Any]:
    """A node of ChatGPT's `mapping`; without a role one without a message."""
    if not role:
        return {"id": key, "message": None, "parent": parent, "children": []}
    whole = {
        "id": key,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": T,
        "content": content or {"content_type": "text", "parts": [text]},
        "status": "finished_successfully",
        "metadata": {"model_slug": "gpt-4o"} if role == "assistant" else {},
        "recipient": "all",
    }
    return {"id": key, "message": whole | message, "parent": parent, "children": []}


def chatgpt(*nodes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A conversation of these nodes."""
    return {
        "title": "Heat pumps",
        "create_time": T,
        "update_time": T + 60,
        "mapping": {one["id"]: one for one in nodes},
        "current_node": nodes[-1]["id"] if nodes else None,
        "conversation_id": "c-1",
        "id": "c-1",
    } | fields


def chain(length: int) -> dict[str, Any]:
    """Questions and answers, each under the one before."""
    mapping = {
        str(number): {
            "parent": str(number - 1) if number else None,
            "message": {
                "author": {"role": "assistant" if number % 2 else "user"},
                "content": {"parts": ["x"]},
            },
        }
        for number in range(length)
    }
    return {"id": f"chain-{length}", "title": "Chain", "mapping": mapping}


def open_webui(messages: Mapping[str, Mapping[str, Any]], **chat: Any) -> dict[str, Any]:
    """A chat in its envelope."""
    return {
        "id": "w-1",
        "user_id": "someone",
        "title": "Ferns",
        "chat": {
            "title": "Ferns",
            "models": ["llama3.2:latest"],
            "params": {},
            "history": {
                "messages": {key: {"id": key, **one} for key, one in messages.items()},
                "currentId": list(messages)[-1] if messages else None,
            },
        }
        | chat,
        "created_at": int(T),
        "updated_at": int(T) + 60,
        "archived": False,
        "meta": {},
    }


CHATGPT = chatgpt(
    node("root", None),
    node("s", "root", "system", ""),
    node("q", "s", "user", "What is a heat pump?"),
    node("a1", "q", "assistant", "A fridge."),
    node("a2", "q", "assistant", "A fridge, turned round."),
)

OPEN_WEBUI = open_webui(
    {
        "m1": {"parentId": None, "role": "user", "content": "What is a fern?", "timestamp": int(T)},
        "m2": {
            "parentId": "m1",
            "role": "assistant",
            "content": "A plant.",
            "model": "llama3.2:latest",
            "timestamp": int(T) + 1,
        },
    }
)


def file_of(*values: object) -> bytes:
    """A JSON list of them."""
    return json.dumps(list(values)).encode()


def zip_of(entries: Mapping[str, bytes]) -> bytes:
    """An archive with these entries."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return target.getvalue()
