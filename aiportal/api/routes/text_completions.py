"""POST /completions, OpenAI's legacy Completions."""

from fastapi import APIRouter
from starlette.responses import Response

from aiportal.api.model_answer import ModelAnswer
from aiportal.api.openapi import body_of
from aiportal.api.requests import PortalRoute
from aiportal.dialects.exchange import Exchange
from aiportal.dialects.text_completions import TextCompletion, TextCompletionBody
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["router"]

router = APIRouter(tags=["chat"], route_class=PortalRoute)


async def _open(portal: Portal, _: Principal, body: object) -> Exchange:
    return TextCompletion(TextCompletionBody.parse(body), portal.registry.limits)


@router.post(
    "/completions",
    openapi_extra=body_of(TextCompletionBody),
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def create_completion() -> Response:
    """The legacy form: one prompt, asked as a chat. Fields unknown here travel on."""
    return ModelAnswer(_open, endpoint="completions")
