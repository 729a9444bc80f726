"""The second base of the API, `/v1`: what OpenAI's clients expect behind a host's name."""

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["LONG_BASE", "SHORT_BASE", "ShortBase"]

LONG_BASE = "/api/v1"
SHORT_BASE = "/v1"


class ShortBase:
    """To be put right around the routes, which then exist once: making them twice takes as long."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(f"{SHORT_BASE}/"):
            scope = {**scope, "path": LONG_BASE + scope["path"].removeprefix(SHORT_BASE)}
        await self._app(scope, receive, send)
