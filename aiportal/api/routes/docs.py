"""The API's documentation page, with every part of it served from here."""

from importlib import resources
from typing import Literal

import fastapi_offline
from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import FileResponse, Response

__all__ = ["router"]

router = APIRouter(prefix="/api/docs", include_in_schema=False)
_ASSETS = resources.files(fastapi_offline) / "static"


@router.get("")
async def page() -> Response:
    """Swagger UI over /api/openapi.json."""
    return get_swagger_ui_html(
        openapi_url="/api/openapi.json",
        title="AI Portal: API",
        swagger_js_url="/api/docs/swagger-ui-bundle.js",
        swagger_css_url="/api/docs/swagger-ui.css",
        swagger_favicon_url="/api/docs/favicon.png",
    )


@router.get("/{name}")
async def asset(name: Literal["swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"]) -> Response:
    """A file of Swagger UI."""
    return FileResponse(str(_ASSETS / name), headers={"cache-control": "max-age=86400"})
