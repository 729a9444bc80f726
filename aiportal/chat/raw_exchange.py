"""What a model was asked for an answer and what it said, for developers: as JSON, and as code."""

import json
import pprint
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiportal.chat.messages import Message
from aiportal.timestamps import from_text

__all__ = ["KEY_VARIABLE", "ExchangeCode", "RawExchange"]

KEY_VARIABLE: Final = "AIPORTAL_KEY"
_REBUILT: Final = (
    "Put together from the stored conversation: the portal keeps texts, not the bytes that went over "
    "the wire. What the model's configuration adds, and parameters of this turn alone, are not in it."
)
_INSTALL: Final = "%pip install --quiet openai"
_KERNEL: Final = {"name": "python3", "display_name": "Python 3", "language": "python"}
_WIDTH: Final = 88


@dataclass(frozen=True, slots=True)
class ExchangeCode:
    """Programs that ask the same again. They read the key from the environment."""

    curl: str
    python: str
    notebook: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RawExchange:
    """request: the body of a call to `/v1/chat/completions`. response: an answer in its shape.

    Both are put together from what is stored. note: what they may therefore lack.
    """

    message_id: str
    request_id: str | None
    note: str
    request: Mapping[str, Any]
    response: Mapping[str, Any]

    @classmethod
    def of(
        cls, message: Message, request: Mapping[str, Any], *, has_files: bool = False
    ) -> "RawExchange":
        """request: as the turn would make it today from the branch that is stored.

        has_files: files went with its questions or its project's, which the request names and does
        not hold.
        """
        usage = message.usage
        return cls(
            message_id=message.id,
            request_id=None if usage is None else usage.request_id,
            note=_note(message, has_files=has_files),
            request=request,
            response=_response(message),
        )

    def code(self, base_url: str) -> ExchangeCode:
        """Programs for the portal at `base_url`, without a slash at its end."""
        body = {name: value for name, value in self.request.items() if name != "stream"}
        python = _python(body, base_url)
        return ExchangeCode(_curl(body, base_url), python, _notebook(python))


def _note(message: Message, *, has_files: bool) -> str:
    parts = [_REBUILT]
    if has_files:
        parts.append("Files are named in it; what the model was sent of them is left out.")
    if message.edited_at is not None:
        parts.append("The answer was edited afterwards.")
    if message.usage is not None and message.usage.calls > 1:
        parts.append(f"The answer was written in {message.usage.calls} calls.")
    return " ".join(parts)


def _response(message: Message) -> dict[str, Any]:
    said: dict[str, Any] = {"role": "assistant", "content": message.content}
    if message.reasoning:
        said["reasoning_content"] = message.reasoning
    usage = message.usage
    response: dict[str, Any] = {
        "id": message.id if usage is None else usage.request_id,
        "object": "chat.completion",
        "created": int(from_text(message.created_at).timestamp()),
        "model": message.model if usage is None else usage.model,
        "choices": [{"index": 0, "message": said, "finish_reason": message.finish_reason}],
    }
    if usage is not None:
        response["usage"] = {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "total_tokens": usage.prompt_tokens + usage.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        }
    if message.error is not None:
        error = message.error
        response["error"] = {"message": error.message, "type": error.type, "code": error.code}
    return response


def _curl(body: Mapping[str, Any], base_url: str) -> str:
    data = json.dumps(body, ensure_ascii=False, indent=2)
    return (
        f"curl --silent --show-error {shlex.quote(f'{base_url}/v1/chat/completions')} \\\n"
        f'  --header "Authorization: Bearer ${KEY_VARIABLE}" \\\n'
        "  --header 'Content-Type: application/json' \\\n"
        f"  --data-binary {shlex.quote(data)}\n"
    )


def _python(body: Mapping[str, Any], base_url: str) -> str:
    arguments = "".join(
        f"    {name}={_literal(value, indent=len(name) + 5)},\n" for name, value in body.items()
    )
    return (
        "import os\n\n"
        "from openai import OpenAI  # pip install openai\n\n"
        f'client = OpenAI(base_url={f"{base_url}/v1"!r}, api_key=os.environ["{KEY_VARIABLE}"])\n'
        f"answer = client.chat.completions.create(\n{arguments})\n"
        "print(answer.choices[0].message.content)\n"
    )


def _literal(value: object, *, indent: int) -> str:
    """Python that means `value`, its further lines below the first."""
    lines = pprint.pformat(value, width=_WIDTH, sort_dicts=False).splitlines()
    return f"\n{' ' * indent}".join(lines)


def _notebook(python: str) -> dict[str, Any]:
    heading = f"Set `{KEY_VARIABLE}` to an API key of the portal before the kernel starts."
    cells = [("markdown", heading), ("code", _INSTALL), ("code", python.rstrip("\n"))]
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": _KERNEL, "language_info": {"name": "python"}},
        "cells": [_cell(number, *cell) for number, cell in enumerate(cells)],
    }


def _cell(number: int, kind: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": f"cell-{number}",
        "metadata": {},
        "source": source,
    }
    return cell if kind == "markdown" else {**cell, "execution_count": None, "outputs": []}
