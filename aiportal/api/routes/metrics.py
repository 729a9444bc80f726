"""GET /metrics, for Prometheus."""

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import Response

from aiportal.api.deps import PortalDep, answer_counts_of, authenticate, is_anonymous
from aiportal.api.metrics import CONTENT_TYPE, Snapshot, as_text
from aiportal.api.requests import PortalRoute
from aiportal.errors import PermissionDenied
from aiportal.portal import Portal
from aiportal.principal import Principal
from aiportal.settings import LOOPBACK_HOSTS

__all__ = ["router"]

router = APIRouter(tags=["health"], route_class=PortalRoute)
# Any of them tells of a proxy, behind which everybody seems to call from this machine.
_PROXY_HEADERS = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via")


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request, portal: PortalDep) -> Response:
    """Figures for Prometheus. Only for administrators, and from this machine for everybody."""
    principal = await _scraper(request, portal)
    deployments = await portal.routerbox.figures(principal)
    snapshot = Snapshot(deployments, answer_counts_of(request).copy())
    return Response(await asyncio.to_thread(as_text, snapshot), media_type=CONTENT_TYPE)


async def _scraper(request: Request, portal: Portal) -> Principal:
    """Who asks. Raises AuthenticationFailed; PermissionDenied for who is no administrator."""
    if is_anonymous(request) and _is_from_here(request, portal):
        return await portal.users.operator()
    principal = await authenticate(portal, request)
    if not principal.is_admin:
        raise PermissionDenied("Only administrators may read /metrics.")
    return principal


def _is_from_here(request: Request, portal: Portal) -> bool:
    """True for a direct call from this machine that no page of another site has made."""
    is_direct = request.client is not None and request.client.host in LOOPBACK_HOSTS
    is_forwarded = portal.settings.behind_proxy or portal.settings.on_spaces
    is_forwarded = is_forwarded or any(name in request.headers for name in _PROXY_HEADERS)
    return is_direct and not is_forwarded and request.url.hostname in LOOPBACK_HOSTS
