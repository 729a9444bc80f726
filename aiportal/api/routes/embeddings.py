"""POST /embeddings, OpenAI's."""

from fastapi import APIRouter
from starlette.responses import Response

from aiportal.api.model_answer import ModelAnswer
from aiportal.api.openapi import body_of
from aiportal.api.requests import PortalRoute
from aiportal.dialects.openai_embeddings import EmbeddingsBody, OpenAiEmbeddings, parse_embeddings
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["router"]

router = APIRouter(tags=["embeddings"], route_class=PortalRoute)


async def _open(portal: Portal, _: Principal, body: object) -> OpenAiEmbeddings:
    return OpenAiEmbeddings(parse_embeddings(body, portal.registry.limits))


@router.post("/embeddings", openapi_extra=body_of(EmbeddingsBody))
async def embeddings() -> Response:
    """Vectors of texts or of tokens, as floats or packed as base64. Fields unknown here travel on."""
    return ModelAnswer(_open, endpoint="embeddings")
