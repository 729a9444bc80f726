"""All of one's own data: taken along, or deleted for good."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from aiportal.api.deps import PortalDep, PrincipalDep, is_by_cookie
from aiportal.api.requests import PortalRoute
from aiportal.api.session_cookie import clear_session_cookie

__all__ = ["ChatsDeleted", "router"]

router = APIRouter(prefix="/api/auth", tags=["accounts"], route_class=PortalRoute)
_FILE = {"type": "string", "format": "binary"}
Confirm = Annotated[str, Query(max_length=100, description="The caller's user name.")]


class ChatsDeleted(BaseModel):
    """conversations: how many there were."""

    object: Literal["chats.deleted"] = "chats.deleted"
    deleted: Literal[True] = True
    conversations: int


@router.get(
    "/export.zip",
    response_class=Response,
    responses={200: {"content": {"application/zip": {"schema": _FILE}}}},
)
async def export(portal: PortalDep, principal: PrincipalDep) -> Response:
    """All that the portal holds of the caller in one archive, without any secret."""
    pieces = portal.personal_data.export(principal)
    first = await anext(pieces)  # what goes wrong before it is still an error with a status
    headers = {
        "content-disposition": 'attachment; filename="ai-portal-data.zip"',
        "cache-control": "no-store",
    }
    return StreamingResponse(
        _together(first, pieces), media_type="application/zip", headers=headers
    )


@router.delete("/chats")
async def delete_chats(
    confirm: Confirm, portal: PortalDep, principal: PrincipalDep
) -> ChatsDeleted:
    """Delete all conversations and what belongs to them for good. `confirm`: the user name."""
    count = await portal.personal_data.delete_chats(principal, confirm=confirm)
    return ChatsDeleted(conversations=count)


@router.delete("/me", status_code=204)
async def delete_account(
    confirm: Confirm,
    request: Request,
    response: Response,
    portal: PortalDep,
    principal: PrincipalDep,
) -> None:
    """Delete the account and all that belongs to it for good. `confirm`: the user name.

    Refused (409) for the last administrator and for `admin`. Rows of usage stay.
    """
    await portal.personal_data.delete_account(principal, confirm=confirm)
    if is_by_cookie(request):
        clear_session_cookie(response, request, portal.settings)


async def _together(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
