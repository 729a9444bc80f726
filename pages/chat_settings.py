"""What the settings of a chat hold: the system prompt, the sampling parameters, the tools."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiportal.accounts import UserSettings
from aiportal.chat import Conversation, TemporaryChat

__all__ = ["ChatSettings"]


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """None: left to the model. tools: as `parameters.tools` of a conversation."""

    system_prompt: str = ""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    tools: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, conversation: Conversation | TemporaryChat) -> "ChatSettings":
        """Those that a conversation has."""
        stored = conversation.parameters
        return cls(
            conversation.system_prompt,
            stored.get("temperature"),
            stored.get("top_p"),
            stored.get("max_tokens"),
            stored.get("tools"),
        )

    @classmethod
    def wanted(cls, settings: UserSettings) -> "ChatSettings":
        """Those that a user has new chats start with."""
        return cls(
            settings.system_prompt, settings.temperature, settings.top_p, settings.max_tokens
        )

    def parameters(self, others: Mapping[str, Any]) -> dict[str, Any]:
        """The sampling parameters to store, with those of `others` that have no field here."""
        mine = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
            "tools": self.tools,
        }
        kept = {name: value for name, value in others.items() if name not in mine}
        return kept | {name: value for name, value in mine.items() if value is not None}
