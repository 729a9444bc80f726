"""POST /chat/completions, OpenAI's Chat Completions."""

from fastapi import APIRouter
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from aiportal.api.model_answer import ModelAnswer
from aiportal.api.openapi import body_of
from aiportal.api.requests import PortalRoute
from aiportal.dialects.exchange import OpenAiChat
from aiportal.dialects.openai_chat import ChatBody, ChatRequest
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["FastPath", "open_chat", "router"]

PATHS = frozenset({"/v1/chat/completions", "/api/v1/chat/completions"})
ENDPOINT = "chat/completions"

router = APIRouter(tags=["chat"], route_class=PortalRoute)


async def open_chat(portal: Portal, _: Principal, body: object) -> OpenAiChat:
    """Raises InvalidRequest."""
    return OpenAiChat(ChatRequest.parse(body, portal.registry.limits))


class FastPath:
    """Sends chat completions past FastAPI's router, which would cost a third of the throughput."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._chat = ModelAnswer(open_chat, endpoint=ENDPOINT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in PATHS and scope["method"] == "POST":
            await self._chat(scope, receive, send)
        else:
            await self._app(scope, receive, send)


@router.post(
    "/chat/completions",
    openapi_extra=body_of(ChatBody),
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def chat_completions() -> Response:
    """One answer of a model, whole or as a stream of events. Fields unknown here travel on."""
    return ModelAnswer(open_chat, endpoint=ENDPOINT)
