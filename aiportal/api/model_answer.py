"""A model's answer to one call, in the dialect of the caller: what all such routes share."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from aiportal.api.deps import authenticate, portal_of, request_id_of
from aiportal.api.requests import read_body
from aiportal.api.streams import Caller, Stragglers, send_events
from aiportal.chat import Answer
from aiportal.dialects.exchange import Exchange
from aiportal.dialects.openai_chat import loads_object
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["ModelAnswer", "OpenExchange", "ReadBody", "read_json"]

OpenExchange = Callable[[Portal, Principal, Any], Awaitable[Exchange]]
"""Makes an exchange from a body that was read. Raises InvalidRequest and other errors of ours."""

ReadBody = Callable[[Portal, Request], Awaitable[object]]
"""Raises InvalidRequest, RequestTooLarge, ClientDisconnect."""


async def read_json(_: Portal, request: Request) -> object:
    """A JSON body, decoded."""
    return loads_object(await read_body(request.receive))


class ModelAnswer(Response):
    """Reads the request itself, so that it can be called with or without FastAPI in front.

    May be called any number of times, on one event loop. endpoint: the route's name in the ledger.
    read: how its body is read.
    """

    def __init__(
        self, open_exchange: OpenExchange, *, endpoint: str, read: ReadBody = read_json
    ) -> None:
        super().__init__()
        self._open_exchange = open_exchange
        self._read = read
        self._endpoint = endpoint
        self._stragglers = Stragglers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        portal = portal_of(request)
        principal = await authenticate(portal, request)
        body = await self._read(portal, request)
        exchange = await self._open_exchange(portal, principal, body)
        async with (
            Caller(receive, send, self._stragglers) as caller,
            portal.completions.answer(
                principal,
                exchange.request,
                source="api",
                endpoint=self._endpoint,
                request_id=request_id_of(request),
                cache=_cache_wish(scope),
            ) as model_answer,
        ):
            headers = _headers(model_answer)
            if model_answer.is_stream:
                events = exchange.events(model_answer.chunks())
                # Until the first one is there, a failure still gets a status of its own.
                first = await anext(events)
                failure = await send_events(
                    caller, events, headers, first=first, error_event=exchange.error_event
                )
                if failure is not None:
                    model_answer.fail(failure)
                return
            body_out = await exchange.answer(await model_answer.read())
            if model_answer.report is not None:
                headers["x-aiportal-cost"] = f"{model_answer.report.cost_usd:.10f}"
            await caller.answer(body_out, headers)


def _cache_wish(scope: Scope) -> str | None:
    """Read as it stands, since every call of every model passes here."""
    for name, value in scope["headers"]:
        if name == b"x-aiportal-cache":
            return str(value, "latin-1")
    return None


def _headers(answer: Answer) -> dict[str, str]:
    headers = {
        "x-aiportal-model": answer.model_id,
        "x-aiportal-deployment": answer.deployment_id,
    }
    if answer.cache == "hit":
        headers |= {
            "x-aiportal-cache": "hit",
            "age": str(int(answer.age_s)),
            "x-aiportal-cost": "0",
        }
    elif answer.cache is not None:
        headers["x-aiportal-cache"] = answer.cache
    return headers
