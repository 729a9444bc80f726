"""Files that tools made in the answers of conversations."""

from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute

__all__ = ["router", "safe_file"]

router = APIRouter(prefix="/tool-artifacts", tags=["conversations"], route_class=PortalRoute)
_SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
_BYTES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The file."}
}
_SAFE: Final = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "private, max-age=86400, immutable",
}


@router.get("/{artifact_id}", response_class=Response, responses=_BYTES)
async def get_tool_artifact(
    artifact_id: str, portal: PortalDep, principal: PrincipalDep
) -> Response:
    """A file that a tool made. Pictures are shown, all else is a download."""
    kept = await portal.tool_artifacts.get(principal, artifact_id)
    return safe_file(kept.name, kept.mime, kept.data)


def safe_file(name: str, mime: str, data: bytes) -> Response:
    """A file of a stranger's: pictures are shown, all else is a download."""
    is_shown = mime in _SHOWN
    how = "inline" if is_shown else "attachment"
    return Response(
        data,
        media_type=mime if is_shown else "application/octet-stream",
        headers=_SAFE | {"content-disposition": f"{how}; filename*=utf-8''{quote(name)}"},
    )
