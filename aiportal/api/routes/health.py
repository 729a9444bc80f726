"""Is the process alive, and can it serve?"""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.responses import Response

from aiportal import __version__
from aiportal.api.deps import PortalDep
from aiportal.api.requests import PortalRoute
from aiportal.errors import DatabaseUnavailable
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["router"]

router = APIRouter(tags=["health"], route_class=PortalRoute)
_ANYBODY = Principal(user_id="health", username="health", role="admin")


@router.get("/health")
async def health() -> dict[str, str]:
    """The process answers. True also while a model is fetched and the web app is built."""
    return {"status": "ok", "version": __version__}


@router.get("/health/ready")
async def ready(portal: PortalDep) -> Response:
    """200 if the database answers and at least one model can serve, else 503 with what is missing.

    `sandbox`: the tier in force, null where tools cannot run; and why a stronger one is not in force.
    """
    checks = {"database": await _database(portal), "models": await _models(portal)}
    is_ready = all(check == "ok" for check in checks.values())
    tier = portal.sandbox.tier
    body = {
        "status": "ready" if is_ready else "not ready",
        "checks": checks,
        "sandbox": {"tier": tier.name, "reasons": tier.reasons},
    }
    return JSONResponse(body, 200 if is_ready else 503)


async def _database(portal: Portal) -> str:
    try:
        await portal.database.read(lambda database: database.execute("SELECT 1").fetchone())
    except DatabaseUnavailable as error:
        return error.message
    return "ok"


async def _models(portal: Portal) -> str:
    if await portal.registry.list(_ANYBODY):
        return "ok"
    return "No model can serve. Run `aiportal doctor` to see what each one lacks."
