"""Conversations of other programs, and of other portals, brought in from a file."""

from aiportal.chat.imports.foreign import ForeignConversation, ForeignMessage
from aiportal.chat.imports.imports import (
    ImportedConversation,
    ImportReport,
    Imports,
    SkippedConversation,
)
from aiportal.chat.imports.storing import insert_conversation

__all__ = [
    "ForeignConversation",
    "ForeignMessage",
    "ImportReport",
    "ImportedConversation",
    "Imports",
    "SkippedConversation",
    "insert_conversation",
]
