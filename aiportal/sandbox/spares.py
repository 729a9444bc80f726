"""Supervisors that are made before anybody needs them: a call does not wait for that fork."""

import asyncio
from typing import Final

from aiportal.sandbox.conversation import Conversation, ConversationLost
from aiportal.sandbox.zygote import Zygote

__all__ = ["Spares"]

_READY_S: Final = 30.0


class Spares:
    """One a zygote at most; it has run nothing and knows nothing of any call."""

    def __init__(self) -> None:
        self._waiting: dict[Zygote, asyncio.Task[Conversation]] = {}

    async def take(self, zygote: Zygote) -> Conversation:
        """The spare one, else a new one; another is made ready. Raises ConversationLost."""
        conversation = await self._checked(zygote) or await Conversation.begin(zygote)
        self._make(zygote)
        return conversation

    async def drop(self, zygote: Zygote) -> None:
        """Before the zygote is ended."""
        making = self._waiting.pop(zygote, None)
        if making is None:
            return
        making.cancel()
        await asyncio.wait({making}, timeout=_READY_S)
        if making.done() and not making.cancelled() and making.exception() is None:
            making.result().hang_up()

    async def _checked(self, zygote: Zygote) -> Conversation | None:
        making = self._waiting.pop(zygote, None)
        if making is None:
            return None
        try:
            conversation = await making
            await conversation.check()
        except ConversationLost:
            return None
        return conversation

    def _make(self, zygote: Zygote) -> None:
        if zygote not in self._waiting:
            task = asyncio.create_task(Conversation.begin(zygote), name="sandbox-spare")
            task.add_done_callback(_note_failure)
            self._waiting[zygote] = task


def _note_failure(task: asyncio.Task[Conversation]) -> None:
    """It is looked at when the spare is taken, which may be never."""
    if not task.cancelled():
        task.exception()
