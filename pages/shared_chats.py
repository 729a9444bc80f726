"""The page of a share: what was said, to read, and a way to go on in a chat of one's own."""

from contextvars import copy_context
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from aiportal.api.deps import authenticate
from aiportal.chat import SharedBranch
from aiportal.chat.document import day_text, document_html, models_of
from aiportal.errors import AuthenticationFailed, NotFound
from aiportal.portal import Portal
from aiportal.rendering import in_turn
from pages.components.shell import BRAND_MARK
from pages.reader import read_in, worded
from pages.static import StaticFiles, asset_text
from pages.texts import language_of, page_in

__all__ = ["SharedChatPages"]

_NOT_KEPT = {"cache-control": "no-store"}


class SharedChatPages:
    """For everybody who is signed in; a browser without a session is led to the sign-in page."""

    def __init__(self, portal: Portal, files: StaticFiles) -> None:
        self._portal = portal
        self._files = files
        self._missing = asset_text("no_share.html")

    def routes(self) -> list[Route]:
        """GET of the page, POST of its button."""
        path = "/share/{share_id}"
        return [Route(path, self.show), Route(f"{path}/copy", self.copy, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """What the share says."""
        principal = await authenticate(self._portal, request)
        try:
            shared = await self._portal.shares.read(principal, request.path_params["share_id"])
        except NotFound as error:
            return self._not_there(request, error)
        read_in(language_of(request.headers))
        page = await in_turn(partial(copy_context().run, self._render, shared))
        return HTMLResponse(page, headers=_NOT_KEPT)

    async def copy(self, request: Request) -> Response:
        """A chat of the reader's own with what the share says, and on to it."""
        share_id = request.path_params["share_id"]
        try:
            principal = await authenticate(self._portal, request)
            conversation_id = await self._portal.shares.copy(principal, share_id)
        except AuthenticationFailed:
            back = quote(f"/share/{share_id}", safe="")
            return RedirectResponse(f"/login?next={back}", 303, _NOT_KEPT)
        except NotFound as error:
            return self._not_there(request, error)
        return RedirectResponse(f"/?chat={conversation_id}", 303, _NOT_KEPT)

    def _render(self, shared: SharedBranch) -> str:
        until = worded("until {day}", day=day_text(shared.expires_at)) if shared.expires_at else ""
        facts = [
            worded("Shared by {name}", name=shared.shared_by),
            day_text(shared.created_at),
            until,
            *models_of(shared.passages),
        ]
        # The script is for light and dark, as the reader has chosen in the app.
        return document_html(
            title=shared.title,
            facts=[fact for fact in facts if fact],
            passages=shared.passages,
            head=f'<script src="{self._files.script_url}"></script>',
            bar=_bar(shared.id),
        )

    def _not_there(self, request: Request, error: NotFound) -> Response:
        language = language_of(request.headers)
        page = page_in(self._missing, language).substitute(
            head=self._files.head(language), mark=BRAND_MARK
        )
        return HTMLResponse(page, error.status, headers=_NOT_KEPT)


def _bar(share_id: str) -> str:
    action = f"/share/{quote(share_id, safe='')}/copy"
    return (
        f'<nav class="bar" aria-label="AI Portal"><a href="/">{BRAND_MARK}<span>AI Portal</span></a>'
        f'<form method="post" action="{action}"><button type="submit">'
        f"{worded('Go on in a chat of my own')}</button></form></nav>"
    )
