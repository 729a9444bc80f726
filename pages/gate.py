"""What of Gradio's own HTTP interface is open, and to whom.

Gradio identifies a page by a session hash that the browser chooses, and asks nobody whether it is
theirs. Here a hash belongs to the first user who names it; others get 404.

What becomes of a page's events comes in one stream, which Gradio ends with the last of them. An event
that begins just then may be taken before the page has read that end. So answers tell how many of the
page's streams had ended: the page compares that of the event with that of the stream which it reads
(streams.js). A stream that is opened when all events have come already, in the one before, has ended:
Gradio would keep it open for nothing.
"""

from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

import orjson
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aiportal.api.errors import error_response
from aiportal.api.replayed import Replayed
from aiportal.errors import AuthenticationFailed, InvalidRequest, NotFound, PortalError
from pages.access import Access
from pages.pace import Pace

__all__ = ["GradioGate"]

MAX_SESSIONS: Final = 10_000
PREFIX: Final = "/gradio_api/"
CALL: Final = "/gradio_api/queue/join"
STREAM: Final = "/gradio_api/queue/data"
END_OF_STREAM: Final = b'data: {"msg":"close_stream","event_id":null}\n\n'
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


@dataclass
class _Session:
    """A page. ended: how many of its streams have. has_called: whether events of it came here."""

    name: str
    user_id: str
    ended: int = 0
    has_called: bool = False

    def counting(self, send: Send) -> Send:
        """For a stream: notice its end."""

        async def sending(message: Message) -> None:
            if message.get("body", b"").startswith(END_OF_STREAM):
                self.ended += 1
            await send(message)

        return sending

    def telling(self, send: Send) -> Send:
        """For a stream or the answer to a call: say how many have ended before."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-streams-ended"] = str(self.ended)
            await send(message)

        return sending


class GradioGate:
    """function_ids: those of the app's event handlers; a call of any other is 404 and not an error.
    pace: of the growing answers, which wait until a call is taken. has_events: whether a session,
    by its hash, has events of which it has not been told the end."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Access,
        pace: Pace,
        function_ids: frozenset[int],
        has_events: Callable[[str], bool],
    ) -> None:
        self._app = app
        self._access = access
        self._pace = pace
        self._function_ids = function_ids
        self._has_events = has_events
        self._sessions: OrderedDict[str, _Session] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        try:
            receive, session = await self._admit(scope, receive)
        except PortalError as error:  # outside of FastAPI's own handlers
            await error_response(error)(scope, receive, send)
            return
        app, is_call = self._app, scope["path"] == CALL
        if session is not None and is_call:
            session.has_called = True
            send = session.telling(send)
        elif session is not None and scope["path"] == STREAM:
            send = session.counting(session.telling(send))
            if session.has_called and not self._has_events(session.name):
                app = Response(END_OF_STREAM, media_type="text/event-stream")
        with self._pace.beginning() if is_call else nullcontext():
            await app(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive) -> tuple[Receive, _Session | None]:
        user_id = await self._access.user_id(Request(scope))
        if user_id is None:
            raise AuthenticationFailed("Sign in first.")
        if scope["path"].startswith(UNUSED):
            raise NotFound("The web app does not use this part of Gradio.")
        if scope["method"] != "POST":
            return receive, self._session(_session_in_address(scope), user_id)
        body = await Request(scope, receive).body()
        call = self._checked_call(body)
        session = self._session(call.get("session_hash"), user_id)
        if scope["path"] in ENDINGS and call.get("event_id") is None:
            body = orjson.dumps({**call, "event_id": ""})
        return Replayed(body, receive), session

    def _checked_call(self, body: bytes) -> dict[str, Any]:
        if not body:
            return {}
        try:
            call = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise InvalidRequest("The body is not valid JSON.") from error
        if not isinstance(call, dict):
            raise InvalidRequest("The body must be a JSON object.")
        index = call.get("fn_index")
        is_known = isinstance(index, int) and index in self._function_ids
        if "fn_index" in call and not is_known:
            raise NotFound("The web app has no such function.")
        return call

    def _session(self, session_hash: object, user_id: str) -> _Session | None:
        if session_hash is None:
            return None
        if not isinstance(session_hash, str) or len(session_hash) > 100:
            raise InvalidRequest("`session_hash` is a short text.", param="session_hash")
        session = self._sessions.setdefault(session_hash, _Session(session_hash, user_id))
        self._sessions.move_to_end(session_hash)
        if len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
        if session.user_id != user_id:
            raise NotFound(_NO_SUCH)
        return session


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
