"""POST /messages and /messages/count_tokens, Anthropic's Messages."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.model_answer import ModelAnswer, read_json
from aiportal.api.openapi import body_of
from aiportal.api.requests import PortalRoute
from aiportal.dialects.anthropic import (
    CallersHeaders,
    CountBody,
    MessagesBody,
    MessagesExchange,
    NativeExchange,
    NativeRequest,
    Target,
    chat_request,
    model_of,
    parse_count,
    parse_messages,
)
from aiportal.dialects.exchange import Exchange
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["TokenCount", "open_messages", "router"]

DIALECT = "anthropic"
router = APIRouter(tags=["messages"], route_class=PortalRoute)


class TokenCount(BaseModel):
    """`estimated`: by rule of thumb, since neither the model nor its provider could be asked."""

    input_tokens: int
    estimated: bool


@dataclass(frozen=True, slots=True)
class _Sent:
    """body: decoded JSON."""

    body: object
    headers: CallersHeaders


async def _read(portal: Portal, request: Request) -> _Sent:
    return _Sent(await read_json(portal, request), _headers_of(request))


def _headers_of(request: Request) -> CallersHeaders:
    betas = request.headers.getlist("anthropic-beta")
    return CallersHeaders(",".join(betas), request.headers.get("anthropic-version", ""))


async def open_messages(portal: Portal, principal: Principal, sent: _Sent) -> Exchange:
    """Raises InvalidRequest, ModelNotFound, ModelUnavailable, PermissionDenied."""
    limits = portal.registry.limits
    if portal.completions.is_spoken(principal, model_of(sent.body), DIALECT):
        return NativeExchange.open(sent.body, sent.headers, limits)
    parsed = parse_messages(sent.body)
    return MessagesExchange.open(parsed, _target(portal, principal, parsed.model), limits)


def _counted(
    portal: Portal, principal: Principal, body: object, headers: CallersHeaders
) -> ChatRequest | NativeRequest:
    limits = portal.registry.limits
    if portal.completions.is_spoken(principal, model_of(body), DIALECT):
        return NativeRequest.parse(body, headers, limits, is_count=True)
    parsed = parse_count(body)
    return chat_request(parsed, _target(portal, principal, parsed.model), limits)


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
    return ModelAnswer(open_messages, endpoint="messages", read=_read)


@router.post("/messages/count_tokens", openapi_extra=body_of(CountBody))
async def count_tokens(request: Request, portal: PortalDep, principal: PrincipalDep) -> TokenCount:
    """The tokens of a message that is not sent. Estimated unless the model's own count can be had."""
    asked = _counted(portal, principal, await request.json(), _headers_of(request))
    count = await portal.prompt_tokens.count(principal, asked)
    return TokenCount(input_tokens=count.tokens, estimated=count.is_estimated)
