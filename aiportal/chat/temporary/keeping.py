"""A temporary chat as a conversation in the database."""

import sqlite_utils

from aiportal.chat.conversation import title_from
from aiportal.chat.imports.foreign import ForeignConversation, ForeignMessage
from aiportal.chat.imports.storing import insert_conversation
from aiportal.chat.messages import Message
from aiportal.chat.temporary.chat import HeldChat
from aiportal.principal import Principal

__all__ = ["kept"]


def kept(database: sqlite_utils.Database, principal: Principal, chat: HeldChat) -> str:
    """Store it whole, under ids of its own; the conversation's id."""
    messages = chat.messages()
    found = ForeignConversation(
        source="aiportal",
        foreign_id=chat.id,
        title=title_from(messages[0].content),
        messages=[_foreign(message) for message in messages],
        model=chat.settings.model,
        system_prompt=chat.settings.system_prompt,
        parameters=chat.settings.parameters,
        created_at=chat.created_at,
        updated_at=messages[-2].created_at,  # the last question
    )
    return insert_conversation(database, principal, found)


def _foreign(message: Message) -> ForeignMessage:
    return ForeignMessage(
        id=message.id,
        parent_id=message.parent_id,
        role=message.role,
        content=message.content,
        reasoning=message.reasoning,
        model=message.model,
        status=message.status,
        finish_reason=message.finish_reason,
        usage=message.usage,
        cost_usd=message.cost_usd,
        error=message.error,
        created_at=message.created_at,
        tool_calls=message.tool_calls,
    )
