"""POST /moderations, OpenAI's."""

from fastapi import APIRouter
from starlette.responses import Response

from aiportal.api.model_answer import ModelAnswer
from aiportal.api.openapi import body_of
from aiportal.api.requests import PortalRoute
from aiportal.dialects.exchange import Untranslated
from aiportal.dialects.openai_moderations import ModerationsBody, parse_moderations
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["router"]

router = APIRouter(tags=["moderations"], route_class=PortalRoute)


async def _open(portal: Portal, _: Principal, body: object) -> Untranslated:
    return Untranslated(parse_moderations(body, portal.registry.limits))


@router.post("/moderations", openapi_extra=body_of(ModerationsBody))
async def moderations() -> Response:
    """Whether texts or images are harmful, where the model's provider judges that."""
    return ModelAnswer(_open, endpoint="moderations")
