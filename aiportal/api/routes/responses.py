"""OpenAI's Responses: answers that are kept, and gone on from by their ids."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.model_answer import ModelAnswer
from aiportal.api.openapi import body_of
from aiportal.api.requests import PortalRoute
from aiportal.dialects import tool_json
from aiportal.dialects.exchange import Exchange
from aiportal.dialects.responses import ResponsesBody
from aiportal.errors import InvalidRequest
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["ItemList", "ResponseDeleted", "router"]

router = APIRouter(tags=["responses"], route_class=PortalRoute)


class ResponseDeleted(BaseModel):
    id: str
    object: Literal["response"] = "response"
    deleted: Literal[True] = True


class ItemList(BaseModel):
    object: Literal["list"] = "list"
    data: list[dict[str, Any]]
    first_id: str | None
    last_id: str | None
    has_more: bool


async def _open(portal: Portal, principal: Principal, body: object) -> Exchange:
    return await portal.responses.open(principal, body, portal.registry.limits)


@router.post(
    "/responses",
    openapi_extra=body_of(ResponsesBody),
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def create_response() -> Response:
    """One answer of a model in OpenAI's Responses dialect, whole or as a stream of events."""
    return ModelAnswer(_open, endpoint="responses")


@router.get("/responses/{response_id}")
async def get_response(
    response_id: str, portal: PortalDep, principal: PrincipalDep, stream: bool | None = None
) -> Response:
    """A stored response, or one that is still being streamed. It is kept for 30 days."""
    if stream:
        raise InvalidRequest(
            "A response cannot be streamed a second time. Leave `stream` out.", param="stream"
        )
    return _json(await portal.responses.get(principal, response_id))


@router.delete("/responses/{response_id}")
async def delete_response(
    response_id: str, portal: PortalDep, principal: PrincipalDep
) -> ResponseDeleted:
    """Forget a response. None can go on from it any more."""
    await portal.responses.delete(principal, response_id)
    return ResponseDeleted(id=response_id)


@router.post("/responses/{response_id}/cancel")
async def cancel_response(response_id: str, portal: PortalDep, principal: PrincipalDep) -> Response:
    """Break off a response that is being streamed. What it says so far is kept."""
    return _json(await portal.responses.cancel(principal, response_id))


@router.get("/responses/{response_id}/input_items")
async def list_input_items(
    response_id: str,
    portal: PortalDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    order: Literal["asc", "desc"] = "desc",
    after: str | None = None,
) -> ItemList:
    """What a response was made from, those that it goes on from included. The newest first."""
    page = await portal.responses.input_items(
        principal,
        response_id,
        limits=portal.registry.limits,
        order=order,
        limit=limit,
        after=after,
    )
    ids = [item["id"] for item in page.data]
    return ItemList(
        data=[dict(item) for item in page.data],
        first_id=ids[0] if ids else None,
        last_id=ids[-1] if ids else None,
        has_more=page.has_more,
    )


def _json(resource: object) -> Response:
    return Response(tool_json.dumps(resource), media_type="application/json")
