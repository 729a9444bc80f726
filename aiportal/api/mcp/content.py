"""What came of a call, as MCP's content blocks."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import mcp_types

from aiportal.picture_types import PICTURE_MIMES
from aiportal.sandbox import Artifact
from aiportal.tools import Approval, ToolOutcome

__all__ = ["failed", "of_outcome", "undecided"]

MAX_ARTIFACT_BYTES = 8 * 1024**2  # of all together
_TEXTS = ("text/", "application/json")


def of_outcome(outcome: ToolOutcome) -> mcp_types.CallToolResult:
    """The result as JSON first, then what was printed, then pictures and files."""
    failure = outcome.failure
    if failure is None:
        first = json.dumps(outcome.result, allow_nan=False, ensure_ascii=False)
    else:
        first = f"{failure.type}: {failure.message}"
    is_object = failure is None and isinstance(outcome.result, dict)
    return mcp_types.CallToolResult(
        content=[_text(first), *_printed(outcome), *_artifacts(outcome.artifacts)],
        structured_content=outcome.result if is_object else None,
        is_error=failure is not None,
    )


def failed(words: str) -> mcp_types.CallToolResult:
    """Of a call that was refused, so that a model can read why."""
    return mcp_types.CallToolResult(content=[_text(words)], is_error=True)


def undecided(approval: Approval) -> mcp_types.CallToolResult:
    """Of a call that nobody has agreed to yet."""
    words = (
        f"The tool {approval.tool_id!r} has not run: a person has to agree to this call first. Its"
        f" approval is {approval.id!r}, open until {approval.expires_at:%Y-%m-%d %H:%M:%S} UTC."
        f" Decide with POST /v1/tools/approvals/{approval.id} and"
        ' {"approve": true}, which also answers with the outcome; calling the tool again asks anew.'
    )
    return failed(words)


def _printed(outcome: ToolOutcome) -> Iterator[mcp_types.ContentBlock]:
    if outcome.stdout:
        yield _text(f"stdout:\n{outcome.stdout}")
    if outcome.stderr:
        yield _text(f"stderr:\n{outcome.stderr}")
    if outcome.is_truncated:
        yield _text("A part of the output was left out: it was too large.")


def _artifacts(artifacts: tuple[Artifact, ...]) -> Iterator[mcp_types.ContentBlock]:
    room = MAX_ARTIFACT_BYTES
    for artifact in artifacts:
        room -= len(artifact.data)
        if room < 0:
            yield _text(f"The file {artifact.name!r} and those after it were left out: too large.")
            return
        yield _block(artifact)


def _block(artifact: Artifact) -> mcp_types.ContentBlock:
    if artifact.mime in PICTURE_MIMES:
        return mcp_types.ImageContent(data=_base64(artifact.data), mime_type=artifact.mime)
    if artifact.mime.startswith("audio/"):
        return mcp_types.AudioContent(data=_base64(artifact.data), mime_type=artifact.mime)
    about: dict[str, Any] = {
        "uri": f"artifact:///{quote(artifact.name)}",
        "mime_type": artifact.mime,
    }
    if artifact.mime.startswith(_TEXTS):
        try:
            text = artifact.data.decode()
        except UnicodeDecodeError:
            pass
        else:
            contents = mcp_types.TextResourceContents(text=text, **about)
            return mcp_types.EmbeddedResource(resource=contents)
    blob = mcp_types.BlobResourceContents(blob=_base64(artifact.data), **about)
    return mcp_types.EmbeddedResource(resource=blob)


def _text(text: str) -> mcp_types.TextContent:
    return mcp_types.TextContent(text=text)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
