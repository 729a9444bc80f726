"""Conversations and their turns; one model call for every other door."""

from aiportal.chat.answer import Answer
from aiportal.chat.answer_cache import AnswerCache
from aiportal.chat.completions import Completions
from aiportal.chat.conversation import Conversation
from aiportal.chat.conversations import Conversations, Page
from aiportal.chat.export import Export, ExportFormat
from aiportal.chat.exports import Exports
from aiportal.chat.imports import ImportReport, Imports
from aiportal.chat.messages import Failure, Message, MessageStatus
from aiportal.chat.passages import Passage
from aiportal.chat.prompt_tokens import PromptTokens, TokenCount
from aiportal.chat.responses import Responses
from aiportal.chat.shares import Share, SharedBranch, Shares
from aiportal.chat.turns import Turns

__all__ = [
    "Answer",
    "AnswerCache",
    "Completions",
    "Conversation",
    "Conversations",
    "Export",
    "ExportFormat",
    "Exports",
    "Failure",
    "ImportReport",
    "Imports",
    "Message",
    "MessageStatus",
    "Page",
    "Passage",
    "PromptTokens",
    "Responses",
    "Share",
    "SharedBranch",
    "Shares",
    "TokenCount",
    "Turns",
]
