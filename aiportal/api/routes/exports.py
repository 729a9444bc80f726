"""Conversations as files, one or all of them."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.chat import Export

__all__ = ["router"]

router = APIRouter(tags=["conversations"], route_class=PortalRoute)
_ONE = "/conversations/{conversation_id}/export"
_NOT_KEPT = {"cache-control": "no-store"}


def _documented(media_type: str, schema: dict[str, str]) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": schema}}}}


_TEXT = {"type": "string"}
_OBJECT = {"type": "object"}
_FILE = {"type": "string", "format": "binary"}


@router.get(
    "/conversations/export.zip",
    response_class=Response,
    responses=_documented("application/zip", _FILE),
)
async def export_everything(portal: PortalDep, principal: PrincipalDep) -> Response:
    """All of the caller's conversations in one archive: of each the tree as JSON, and Markdown."""
    pieces = portal.exports.everything(principal)
    first = await anext(pieces)  # what goes wrong before it is still an error with a status
    headers = {"content-disposition": 'attachment; filename="ai-portal-chats.zip"'}
    return StreamingResponse(
        _together(first, pieces), media_type="application/zip", headers=headers | _NOT_KEPT
    )


@router.get(f"{_ONE}.md", response_class=Response, responses=_documented("text/markdown", _TEXT))
async def export_markdown(
    conversation_id: str, portal: PortalDep, principal: PrincipalDep, leaf_id: str | None = None
) -> Response:
    """A branch, to read. `leaf_id`: its last message; left out, that of the branch last looked at."""
    return _download(
        await portal.exports.one(principal, conversation_id, format="md", leaf_id=leaf_id)
    )


@router.get(f"{_ONE}.html", response_class=Response, responses=_documented("text/html", _TEXT))
async def export_html(
    conversation_id: str, portal: PortalDep, principal: PrincipalDep, leaf_id: str | None = None
) -> Response:
    """A branch as one page, to read and to print: no script, nothing from another host."""
    return _download(
        await portal.exports.one(principal, conversation_id, format="html", leaf_id=leaf_id)
    )


@router.get(
    f"{_ONE}.ipynb",
    response_class=Response,
    responses=_documented("application/x-ipynb+json", _OBJECT),
)
async def export_notebook(
    conversation_id: str, portal: PortalDep, principal: PrincipalDep, leaf_id: str | None = None
) -> Response:
    """A branch as a Jupyter notebook; the Python in its answers is cells of code."""
    return _download(
        await portal.exports.one(principal, conversation_id, format="ipynb", leaf_id=leaf_id)
    )


@router.get(f"{_ONE}.json")
async def export_json(conversation_id: str, portal: PortalDep, principal: PrincipalDep) -> Response:
    """The whole tree, to keep and to import again."""
    return _download(await portal.exports.one(principal, conversation_id, format="json"))


async def _together(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _download(export: Export) -> Response:
    headers = {"content-disposition": f'attachment; filename="{export.filename}"'}
    return Response(export.text.encode(), media_type=export.media_type, headers=headers | _NOT_KEPT)
