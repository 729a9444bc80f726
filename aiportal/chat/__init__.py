"""Conversations and their turns; one model call for every other door."""

from aiportal.chat.completions import Completions
from aiportal.chat.conversation import Conversation
from aiportal.chat.conversations import Conversations, Page
from aiportal.chat.export import Export, ExportFormat
from aiportal.chat.messages import Failure, Message, MessageStatus
from aiportal.chat.prompt_tokens import PromptTokens, TokenCount
from aiportal.chat.responses import Responses
from aiportal.chat.turns import Turns

__all__ = [
    "Completions",
    "Conversation",
    "Conversations",
    "Export",
    "ExportFormat",
    "Failure",
    "Message",
    "MessageStatus",
    "Page",
    "PromptTokens",
    "Responses",
    "TokenCount",
    "Turns",
]
