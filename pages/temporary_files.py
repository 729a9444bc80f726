"""Files that tools made in temporary chats: they are nowhere but in the chat itself."""

import asyncio
import base64
import binascii
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiportal.api.deps import authenticate
from aiportal.api.files import safe_file
from aiportal.errors import NotFound
from aiportal.events import ToolArtifact
from aiportal.portal import Portal

__all__ = ["TemporaryFiles", "files_address"]


def files_address(chat_id: str, turn_id: str) -> str:
    """Where the files of an answer are; a call's id and a file's place come after it."""
    return f"/temporary-files/{quote(chat_id, safe='')}/{quote(turn_id, safe='')}"


class TemporaryFiles:
    """A GET route for them; another's chat is NotFound, as if it were not there."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def routes(self) -> list[Route]:
        path = "/temporary-files/{chat_id}/{turn_id}/{call_id}/{place:int}"
        return [Route(path, self.show)]

    async def show(self, request: Request) -> Response:
        """One file."""
        principal = await authenticate(self._portal, request)
        chat = await self._portal.temporary_chats.get(principal, request.path_params["chat_id"])
        files = [
            use.returned.artifacts
            for message in chat.messages
            if message.turn_id == request.path_params["turn_id"]
            for use in message.tool_calls
            if use.returned is not None and use.called.call_id == request.path_params["call_id"]
        ]
        place = request.path_params["place"]
        if not files or place >= len(files[0]):
            raise NotFound("There is no such file. The chat may have been left.")
        file = files[0][place]
        return safe_file(file.name, file.mime, await asyncio.to_thread(_data, file))


def _data(file: ToolArtifact) -> bytes:
    try:
        return base64.b64decode(file.data or "", validate=True)
    except binascii.Error as error:
        raise NotFound("The file was not kept.") from error
