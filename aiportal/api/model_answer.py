"""A model's answer to one call, in the dialect of the caller: what all such routes share."""

from collections.abc import Awaitable, Callable

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from aiportal.api.deps import authenticate, portal_of, request_id_of
from aiportal.api.requests import read_body
from aiportal.api.streams import Caller, Stragglers, send_events
from aiportal.dialects.exchange import Exchange
from aiportal.dialects.openai_chat import loads_object
from aiportal.portal import Portal
from aiportal.principal import Principal
from aiportal.routing import Completion

__all__ = ["ModelAnswer", "OpenExchange"]

OpenExchange = Callable[[Portal, Principal, object], Awaitable[Exchange]]
"""Makes an exchange from a decoded JSON body. Raises InvalidRequest and other errors of ours."""


class ModelAnswer(Response):
    """Reads the request itself, so that it can be called with or without FastAPI in front.

    May be called any number of times, on one event loop. endpoint: the route's name in the ledger.
    """

    def __init__(self, open_exchange: OpenExchange, *, endpoint: str) -> None:
        super().__init__()
        self._open_exchange = open_exchange
        self._endpoint = endpoint
        self._stragglers = Stragglers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        portal = portal_of(request)
        principal = await authenticate(portal, request)
        body = loads_object(await read_body(receive))
        exchange = await self._open_exchange(portal, principal, body)
        async with (
            Caller(receive, send, self._stragglers) as caller,
            portal.chat(
                principal,
                exchange.request,
                source="api",
                endpoint=self._endpoint,
                request_id=request_id_of(request),
            ) as completion,
        ):
            headers = _headers(completion)
            if completion.is_stream:
                events = exchange.events(completion.chunks())
                # Until the first one is there, a failure still gets a status of its own.
                first = await anext(events)
                failure = await send_events(
                    caller, events, headers, first=first, error_event=exchange.error_event
                )
                if failure is not None:
                    completion.fail(failure)
                return
            answer = await exchange.answer(await completion.read())
            if completion.report is not None:
                headers["x-aiportal-cost"] = f"{completion.report.cost_usd:.10f}"
            await caller.answer(answer, headers)


def _headers(completion: Completion) -> dict[str, str]:
    return {
        "x-aiportal-model": completion.model_id,
        "x-aiportal-deployment": completion.deployment_id,
    }
