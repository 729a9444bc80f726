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

    What the portal itself reads of it, see the section Preferences of `docs/http.md`.
    """
    await portal.preferences.replace(principal, body)
    return _json(body)


@router.patch("", response_model=JsonObject)
async def change_preferences(
    body: JsonObject, portal: PortalDep, principal: PrincipalDep
) -> Response:
    """Change what the body names and leave the rest; null removes (RFC 7396). The whole object."""
    return _json(await portal.preferences.merge(principal, body))


def _json(content: JsonObject) -> Response:
    """Past FastAPI's own encoder, whose recursion a deeply nested object would exhaust."""
    return Response(orjson.dumps(content), media_type="application/json")
