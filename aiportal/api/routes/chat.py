"""POST /chat/completions, OpenAI's Chat Completions."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from aiportal.api.deps import authenticate, portal_of, request_id_of
from aiportal.api.requests import PortalRoute, read_body
from aiportal.api.streams import Caller, Stragglers, send_events
from aiportal.dialects.openai_chat import ChatBody, ChatRequest, loads_object
from aiportal.routing import Completion

__all__ = ["ChatCompletions", "FastPath", "router"]

PATHS = frozenset({"/v1/chat/completions", "/api/v1/chat/completions"})

router = APIRouter(tags=["chat"], route_class=PortalRoute)


class ChatCompletions(Response):
    """Reads the request itself, so that it can be called with or without FastAPI in front.

    May be called any number of times, on one event loop.
    """

    def __init__(self) -> None:
        super().__init__()
        self._stragglers = Stragglers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        portal = portal_of(request)
        principal = await authenticate(portal, request)
        chat = ChatRequest.parse(loads_object(await read_body(receive)), portal.registry.limits)
        async with (
            Caller(receive, send, self._stragglers) as caller,
            portal.chat(
                principal, chat, source="api", request_id=request_id_of(request)
            ) as completion,
        ):
            headers = _headers(completion)
            if completion.is_stream:
                chunks = completion.chunks()
                # Until the first one is there, a failure still gets a status of its own.
                first = await anext(chunks)
                await send_events(caller, chunks, headers, first=first)
                return
            body = await completion.read()
            if completion.report is not None:
                headers["x-aiportal-cost"] = f"{completion.report.cost_usd:.10f}"
            await caller.answer(body, headers)


def _headers(completion: Completion) -> dict[str, str]:
    return {
        "x-aiportal-model": completion.model_id,
        "x-aiportal-deployment": completion.deployment_id,
    }


class FastPath:
    """Sends chat completions past FastAPI's router, which would cost a third of the throughput."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._chat = ChatCompletions()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in PATHS and scope["method"] == "POST":
            await self._chat(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _documentation() -> dict[str, Any]:
    schema = ChatBody.model_json_schema(ref_template="#/components/schemas/{model}")
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    }


@router.post(
    "/chat/completions",
    openapi_extra=_documentation(),
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def chat_completions() -> Response:
    """One answer of a model, whole or as a stream of events. Fields unknown here travel on."""
    return ChatCompletions()
