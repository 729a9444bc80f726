"""One's own preferences: an object that the portal keeps for the user's programs."""

from typing import Any

import orjson
from fastapi import APIRouter, Response

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute

__all__ = ["router"]

router = APIRouter(prefix="/api/auth/preferences", tags=["accounts"], route_class=PortalRoute)
JsonObject = dict[str, Any]


@router.get("", response_model=JsonObject)
async def preferences(portal: PortalDep, principal: PrincipalDep) -> Response:
    """What the caller has stored, `{}` at first."""
    return _json(await portal.preferences.get(principal))


@router.put("", response_model=JsonObject)
async def replace_preferences(
    body: JsonObject, portal: PortalDep, principal: PrincipalDep
) -> Response:
    """Store any JSON object of at most 64 KiB in the place of the one before.

    The portal itself reads one thing of it: `{"chat": {"titles": false}}`, and no model writes titles
    of new conversations; `true`, and one does even where the portal's default is otherwise.
    """
    await portal.preferences.replace(principal, body)
    return _json(body)


def _json(content: JsonObject) -> Response:
    """Past FastAPI's own encoder, whose recursion a deeply nested object would exhaust."""
    return Response(orjson.dumps(content), media_type="application/json")
