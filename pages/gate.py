"""What of Gradio's own HTTP interface is open, and to whom.

Gradio identifies a page by a session hash that the browser chooses, and asks nobody whether it is
theirs. Here a hash belongs to the first user who names it; others get 404.
"""

from collections import OrderedDict
from contextlib import nullcontext
from typing import Any, Final
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from aiportal.api.errors import error_response
from aiportal.api.replayed import Replayed
from aiportal.errors import AuthenticationFailed, InvalidRequest, NotFound, PortalError
from pages.access import Access
from pages.pace import Pace

__all__ = ["GradioGate"]

MAX_OWNERS: Final = 10_000
PREFIX: Final = "/gradio_api/"
CALL: Final = "/gradio_api/queue/join"
UNUSED: Final = (
    "/gradio_api/upload",
    "/gradio_api/call",
    "/gradio_api/deep_link",
    "/gradio_api/run",
    "/gradio_api/api",
)
# What Gradio's page ends before it knows its id, it names none for, and would be refused; without
# an id the session's call of the function ends all the same.
ENDINGS: Final = ("/gradio_api/cancel", "/gradio_api/reset")
_NO_SUCH: Final = "There is no such session of yours. Reload the page."


class GradioGate:
    """function_ids: those of the app's event handlers; a call of any other is 404 and not an error.
    pace: of the growing answers, which wait until a call is taken."""

    def __init__(
        self, app: ASGIApp, *, access: Access, pace: Pace, function_ids: frozenset[int]
    ) -> None:
        self._app = app
        self._access = access
        self._pace = pace
        self._function_ids = function_ids
        self._owners: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        try:
            receive = await self._admit(scope, receive)
        except PortalError as error:  # outside of FastAPI's own handlers
            await error_response(error)(scope, receive, send)
            return
        with self._pace.beginning() if scope["path"] == CALL else nullcontext():
            await self._app(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive) -> Receive:
        user_id = await self._access.user_id(Request(scope))
        if user_id is None:
            raise AuthenticationFailed("Sign in first.")
        if scope["path"].startswith(UNUSED):
            raise NotFound("The web app does not use this part of Gradio.")
        if scope["method"] != "POST":
            self._check_session(_session_in_address(scope), user_id)
            return receive
        body = await Request(scope, receive).body()
        call = self._checked_call(body, user_id)
        if scope["path"] in ENDINGS and call.get("event_id") is None:
            body = orjson.dumps({**call, "event_id": ""})
        return Replayed(body, receive)

    def _checked_call(self, body: bytes, user_id: str) -> dict[str, Any]:
        if not body:
            return {}
        try:
            call = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise InvalidRequest("The body is not valid JSON.") from error
        if not isinstance(call, dict):
            raise InvalidRequest("The body must be a JSON object.")
        self._check_session(call.get("session_hash"), user_id)
        index = call.get("fn_index")
        is_known = isinstance(index, int) and index in self._function_ids
        if "fn_index" in call and not is_known:
            raise NotFound("The web app has no such function.")
        return call

    def _check_session(self, session_hash: object, user_id: str) -> None:
        if session_hash is None:
            return
        if not isinstance(session_hash, str) or len(session_hash) > 100:
            raise InvalidRequest("`session_hash` is a short text.", param="session_hash")
        owner = self._owners.setdefault(session_hash, user_id)
        self._owners.move_to_end(session_hash)
        if len(self._owners) > MAX_OWNERS:
            self._owners.popitem(last=False)
        if owner != user_id:
            raise NotFound(_NO_SUCH)


def _session_in_address(scope: Scope) -> str | None:
    """Of `queue/data?session_hash=…` and `heartbeat/…`."""
    head, _, last = scope["path"].rpartition("/")
    if head == f"{PREFIX}heartbeat":
        return str(last)
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    found = query.get("session_hash", [])
    if len(found) > 1:  # which of them Gradio takes is its own affair
        raise InvalidRequest("`session_hash` stands there more than once.", param="session_hash")
    return found[0] if found else None
