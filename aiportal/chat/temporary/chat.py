"""A temporary chat: as its owner sees it, and as it is held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from aiportal.chat.messages import Message
from aiportal.chat.temporary.answer import TemporaryAnswer
from aiportal.dialects.web_search import WebSearchWish
from aiportal.ids import new_id
from aiportal.timestamps import now_text

__all__ = ["IDLE_S", "Exchange", "HeldChat", "Settings", "TemporaryChat", "is_temporary"]

IDLE_S: Final = 3600  # from the last use to the end
_KIND: Final = "temp"


def is_temporary(chat_id: str) -> bool:
    """Whether an id is of a temporary chat, whoever's, if there is one."""
    return chat_id.startswith(f"{_KIND}_")


@dataclass(frozen=True, slots=True)
class TemporaryChat:
    """messages: questions and answers in turn, as those of a conversation; no one's parent branches.

    model, system_prompt, parameters: what the next question is asked with.
    expires_at: when it goes if it is not used before.
    """

    id: str
    model: str
    system_prompt: str
    parameters: Mapping[str, Any]
    messages: Sequence[Message]
    created_at: str
    expires_at: str

    @property
    def is_running(self) -> bool:
        """Whether its last answer is being written."""
        return bool(self.messages) and self.messages[-1].status == "running"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a chat's next question is asked with. model: "" before the first."""

    model: str = ""
    system_prompt: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Exchange:
    """A question and its answer, which another may replace."""

    question: Message
    answer: TemporaryAnswer

    @property
    def chars(self) -> int:
        return len(self.question.content) + self.answer.log.chars


class HeldChat:
    """Internal to `TemporaryChats`. used_at: on its clock, in seconds. web_search: of its last question."""

    def __init__(self, owner_id: str) -> None:
        self.id = new_id(_KIND)
        self.owner_id = owner_id
        self.settings = Settings()
        self.web_search: WebSearchWish | None = None
        self.exchanges: list[Exchange] = []
        self.created_at = now_text()
        self.used_at = 0.0

    @property
    def is_running(self) -> bool:
        return bool(self.exchanges) and self.exchanges[-1].answer.is_running

    @property
    def chars(self) -> int:
        return sum(exchange.chars for exchange in self.exchanges)

    def messages(self) -> list[Message]:
        """All of them, oldest first."""
        pairs = [(one.question, one.answer.message()) for one in self.exchanges]
        return [message for pair in pairs for message in pair]

    async def stop(self, status: Literal["cancelled", "interrupted"]) -> None:
        """Break off what is being written; returns when it has ended."""
        if self.exchanges:
            await self.exchanges[-1].answer.stop(status)

    def seen(self) -> TemporaryChat:
        """As its owner sees it."""
        return TemporaryChat(
            id=self.id,
            model=self.settings.model,
            system_prompt=self.settings.system_prompt,
            parameters=self.settings.parameters,
            messages=self.messages(),
            created_at=self.created_at,
            expires_at=now_text(plus_s=IDLE_S),
        )
