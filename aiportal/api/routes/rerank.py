"""POST /rerank, in the shape that Cohere's and Jina's APIs have in common."""

from fastapi import APIRouter
from starlette.responses import Response

from aiportal.api.model_answer import ModelAnswer
from aiportal.api.openapi import body_of
from aiportal.api.requests import PortalRoute
from aiportal.dialects.exchange import Untranslated
from aiportal.dialects.rerank import RerankBody, parse_rerank
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["router"]

router = APIRouter(tags=["rerank"], route_class=PortalRoute)


async def _open(portal: Portal, _: Principal, body: object) -> Untranslated:
    return Untranslated(parse_rerank(body, portal.registry.limits))


@router.post("/rerank", openapi_extra=body_of(RerankBody))
async def rerank() -> Response:
    """Documents by how well they answer a query, best first. Cohere's and Jina's shape."""
    return ModelAnswer(_open, endpoint="rerank")
