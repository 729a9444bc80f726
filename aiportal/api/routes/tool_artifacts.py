"""Files that tools made in the answers of conversations."""

from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.files import safe_file
from aiportal.api.requests import PortalRoute

__all__ = ["router"]

router = APIRouter(prefix="/tool-artifacts", tags=["conversations"], route_class=PortalRoute)
_BYTES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The file."}
}


@router.get("/{artifact_id}", response_class=Response, responses=_BYTES)
async def get_tool_artifact(
    artifact_id: str, portal: PortalDep, principal: PrincipalDep
) -> Response:
    """A file that a tool made. Pictures are shown, all else is a download."""
    kept = await portal.tool_artifacts.get(principal, artifact_id)
    return safe_file(kept.name, kept.mime, kept.data)
