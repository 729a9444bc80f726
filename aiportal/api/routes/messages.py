"""POST /messages and /messages/count_tokens, Anthropic's Messages."""

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.model_answer import ModelAnswer
from aiportal.api.openapi import body_of
from aiportal.api.requests import PortalRoute
from aiportal.dialects.anthropic import (
    CountBody,
    MessagesBody,
    MessagesExchange,
    Target,
    chat_request,
    parse_count,
    parse_messages,
)
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["TokenCount", "open_messages", "router"]

router = APIRouter(tags=["messages"], route_class=PortalRoute)


class TokenCount(BaseModel):
    """`estimated`: counted by rule of thumb, since only embedded models can be asked."""

    input_tokens: int
    estimated: bool


async def open_messages(portal: Portal, principal: Principal, body: object) -> MessagesExchange:
    """Raises InvalidRequest, ModelNotFound, ModelUnavailable, PermissionDenied."""
    parsed = parse_messages(body)
    target = _target(portal, principal, parsed.model)
    return MessagesExchange.open(parsed, target, portal.registry.limits)


def _target(portal: Portal, principal: Principal, model_id: str) -> Target:
    model = portal.registry.resolve(principal, model_id)
    dialects = {deployment.dialect for deployment in model.deployments}
    return Target.of(dialects, model.capabilities)


@router.post(
    "/messages",
    openapi_extra=body_of(MessagesBody),
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def messages() -> Response:
    """Anthropic's Messages over any model: one answer, whole or as a stream of events."""
    return ModelAnswer(open_messages, endpoint="messages")


@router.post("/messages/count_tokens", openapi_extra=body_of(CountBody))
async def count_tokens(request: Request, portal: PortalDep, principal: PrincipalDep) -> TokenCount:
    """The tokens of a message that is not sent. Real for embedded models, else an estimate."""
    body = parse_count(await request.json())
    target = _target(portal, principal, body.model)
    chat = chat_request(body, target, portal.registry.limits)
    count = await portal.prompt_tokens.count(principal, chat)
    return TokenCount(input_tokens=count.tokens, estimated=count.is_estimated)
