"""A stored conversation: it remembers, and the web app's history shows it too."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from aiportal.notebook.access import Access
from aiportal.notebook.answer import Answer
from aiportal.notebook.backend import ConversationInfo, MessageInfo
from aiportal.notebook.display import Display, display_here
from aiportal.notebook.pieces import Piece
from aiportal.notebook.table import Table

__all__ = ["Conversation"]


class Conversation:
    """Made by `Portal.conversation`. info: as it was when it was made or found."""

    def __init__(self, access: Access, info: ConversationInfo) -> None:
        self._access = access
        self.info = info

    @property
    def id(self) -> str:
        return self.info.id

    def __repr__(self) -> str:
        return f"Conversation({self.id!r}, title={self.info.title!r})"

    def ask(self, text: str, *, model: str | None = None, **parameters: Any) -> Answer:
        """The next question; the model sees the newest branch before it. Stop cancels the turn.

        parameters: OpenAI's sampling fields for this turn. Raises PortalError.
        """
        return self._access.run(self._ask(display_here(), text, model, parameters))

    async def aask(self, text: str, *, model: str | None = None, **parameters: Any) -> Answer:
        """As `ask`, for `await`."""
        return await self._access.wrap(self._ask(display_here(), text, model, parameters))

    async def _ask(
        self, display: Display, text: str, model: str | None, parameters: dict[str, Any]
    ) -> Answer:
        return await self._access.answer(self._turn(text, model, parameters), display)

    async def _turn(
        self, text: str, model: str | None, parameters: dict[str, Any]
    ) -> AsyncGenerator[Piece, None]:
        backend = await self._access.backend()
        options = {"model": model, "parameters": parameters or None}
        given = {name: value for name, value in options.items() if value is not None}
        pieces = backend.ask(self.id, {"content": text, **given})
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    def messages(self) -> Table[MessageInfo]:
        """All messages, parents before their children."""
        return self._access.run(self._messages())

    async def amessages(self) -> Table[MessageInfo]:
        """As `messages`, for `await`."""
        return await self._access.wrap(self._messages())

    async def _messages(self) -> Table[MessageInfo]:
        backend = await self._access.backend()
        return Table(MessageInfo, await backend.messages(self.id))
