"""Conversations and their turns; one model call for every other door."""

from aiportal.chat.answer import Answer
from aiportal.chat.answer_cache import AnswerCache
from aiportal.chat.branches import Branch, Branches, BranchMessage
from aiportal.chat.completions import Completions
from aiportal.chat.continuation import is_broken_off
from aiportal.chat.conversation import Conversation
from aiportal.chat.conversations import Conversations, Page
from aiportal.chat.export import Export, ExportFormat
from aiportal.chat.messages import Failure, Message, MessageStatus
from aiportal.chat.prompt_tokens import PromptTokens, TokenCount
from aiportal.chat.responses import Responses
from aiportal.chat.turns import GoingOn, Turns

__all__ = [
    "Answer",
    "AnswerCache",
    "Branch",
    "BranchMessage",
    "Branches",
    "Completions",
    "Conversation",
    "Conversations",
    "Export",
    "ExportFormat",
    "Failure",
    "GoingOn",
    "Message",
    "MessageStatus",
    "Page",
    "PromptTokens",
    "Responses",
    "TokenCount",
    "Turns",
    "is_broken_off",
]
