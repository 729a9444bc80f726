"""What a server answers to a call, as the outcome of a tool: bounded, whatever it sends."""

import base64
import binascii
import json
import mimetypes
import re
from collections.abc import Callable, Sequence
from typing import Any

import mcp_types

from aiportal.sandbox import Artifact, Failure, sound_texts, with_texts
from aiportal.tools.outcome import ToolOutcome

__all__ = ["outcome_of"]

MAX_ARTIFACTS = 20
MAX_ARTIFACT_BYTES = 5 * 1024**2  # of all together
MAX_TEXT_CHARS = 1024**2
MAX_LEVELS = 40
MAX_WORDS = 4_000
_MIME = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,100}")


def outcome_of(
    tool_id: str,
    result: mcp_types.CallToolResult,
    duration_ms: float,
    strike: Callable[[str], str],
) -> ToolOutcome:
    """The result: the structured content, else the JSON that the text is, else the text.

    strike: takes what is confidential out of a text.
    """
    collected = _Collected()
    for block in result.content:
        collected.add(block)
    text = strike("\n".join(collected.texts))
    if result.is_error:
        words = text[:MAX_WORDS] or "The tool says that it failed, and not why."
        value, failure = None, Failure("tool_error", words)
    elif result.structured_content is not None and _is_plain(result.structured_content):
        value, failure = with_texts(result.structured_content, strike), None
    else:
        value, failure = _value_of("\n".join(collected.texts), strike), None
    return ToolOutcome(
        tool_id=tool_id,
        result=sound_texts(value),
        failure=failure,
        duration_ms=duration_ms,
        is_truncated=collected.is_truncated,
        artifacts=tuple(collected.artifacts),
    )


class _Collected:
    """The parts of an answer, as far as there is room for them."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.artifacts: list[Artifact] = []
        self.is_truncated = False
        self._chars = MAX_TEXT_CHARS
        self._bytes = MAX_ARTIFACT_BYTES

    def add(self, block: mcp_types.ContentBlock) -> None:
        match block:
            case mcp_types.TextContent():
                self._add_text(block.text)
            case mcp_types.ImageContent() | mcp_types.AudioContent():
                self._add_file(block.data, block.mime_type)
            case mcp_types.ResourceLink():
                self._add_text(f"{block.name}: {block.uri}")
            case mcp_types.EmbeddedResource(resource=mcp_types.TextResourceContents() as resource):
                self._add_text(resource.text)
            case mcp_types.EmbeddedResource(resource=mcp_types.BlobResourceContents() as resource):
                self._add_file(resource.blob, resource.mime_type or "application/octet-stream")
            case _:
                self.is_truncated = True

    def _add_text(self, text: str) -> None:
        kept = text[: self._chars].encode(errors="replace").decode()
        self._chars -= len(kept)
        self.is_truncated |= len(kept) < len(text)
        if kept or not text:
            self.texts.append(kept)

    def _add_file(self, data: str, mime: str) -> None:
        try:
            content = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            self.is_truncated = True
            return
        if len(self.artifacts) == MAX_ARTIFACTS or len(content) > self._bytes:
            self.is_truncated = True
            return
        self._bytes -= len(content)
        kind = mime.lower() if _MIME.fullmatch(mime.lower()) else "application/octet-stream"
        ending = mimetypes.guess_extension(kind) or ".bin"
        name = f"result-{len(self.artifacts) + 1}{ending}"
        self.artifacts.append(Artifact(name, kind, content))


def _value_of(text: str, strike: Callable[[str], str]) -> Any:
    if text[:1] in ("{", "["):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return strike(text)
        if _is_plain(value):
            return with_texts(value, strike)
    return strike(text)


def _is_plain(value: Any) -> bool:
    """JSON, finite and shallow."""
    levels: Sequence[Any] = [value]
    for _ in range(MAX_LEVELS):
        inside: list[Any] = []
        for one in levels:
            if isinstance(one, float) and one - one != 0:
                return False
            inside += (
                one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
            )
        if not inside:
            return True
        levels = inside
    return False
