"""Conversations and their turns; one model call for every other door."""

from aiportal.chat.answer import Answer
from aiportal.chat.answer_cache import AnswerCache
from aiportal.chat.arena import Arena
from aiportal.chat.arrangement import BulkAction, BulkChange
from aiportal.chat.assembly import Chats, open_chats
from aiportal.chat.attached import AttachedFile, Attachment
from aiportal.chat.attachments import Attachments, KeptFile
from aiportal.chat.branches import Branch, Branches, BranchMessage
from aiportal.chat.comparison import Comparison, Comparisons
from aiportal.chat.completions import Completions
from aiportal.chat.continuation import is_broken_off
from aiportal.chat.conversation import Conversation
from aiportal.chat.conversation_list import ConversationPage, ListFilter
from aiportal.chat.conversations import Conversations, Page
from aiportal.chat.export import Export, ExportFormat
from aiportal.chat.exports import Exports
from aiportal.chat.imports import ImportReport, Imports
from aiportal.chat.messages import Failure, Message, MessageStatus
from aiportal.chat.passages import Passage
from aiportal.chat.project_files import ProjectFiles
from aiportal.chat.projects import Project, Projects, model_of
from aiportal.chat.prompt_tokens import PromptTokens, TokenCount
from aiportal.chat.prompts import Prompt, Prompts
from aiportal.chat.queue import Queue
from aiportal.chat.queued import QueuedQuestion
from aiportal.chat.rating import Rating, RatingValue
from aiportal.chat.ratings import Ratings
from aiportal.chat.raw_exchange import RawExchange
from aiportal.chat.raw_exchanges import RawExchanges
from aiportal.chat.responses import Responses
from aiportal.chat.search import SearchMatch
from aiportal.chat.shares import Share, SharedBranch, Shares
from aiportal.chat.temporary import TemporaryChat, TemporaryChats, is_temporary
from aiportal.chat.titles import Titles
from aiportal.chat.tool_artifacts import KeptArtifact, ToolArtifacts
from aiportal.chat.tool_loop import ToolLoop
from aiportal.chat.tool_use import ToolUse, ToolUseStatus
from aiportal.chat.trash import Trash
from aiportal.chat.turns import GoingOn, Turns

__all__ = [
    "Answer",
    "AnswerCache",
    "Arena",
    "AttachedFile",
    "Attachment",
    "Attachments",
    "Branch",
    "BranchMessage",
    "Branches",
    "BulkAction",
    "BulkChange",
    "Chats",
    "Comparison",
    "Comparisons",
    "Completions",
    "Conversation",
    "ConversationPage",
    "Conversations",
    "Export",
    "ExportFormat",
    "Exports",
    "Failure",
    "GoingOn",
    "ImportReport",
    "Imports",
    "KeptArtifact",
    "KeptFile",
    "ListFilter",
    "Message",
    "MessageStatus",
    "Page",
    "Passage",
    "Project",
    "ProjectFiles",
    "Projects",
    "Prompt",
    "PromptTokens",
    "Prompts",
    "Queue",
    "QueuedQuestion",
    "Rating",
    "RatingValue",
    "Ratings",
    "RawExchange",
    "RawExchanges",
    "Responses",
    "SearchMatch",
    "Share",
    "SharedBranch",
    "Shares",
    "TemporaryChat",
    "TemporaryChats",
    "Titles",
    "TokenCount",
    "ToolArtifacts",
    "ToolLoop",
    "ToolUse",
    "ToolUseStatus",
    "Trash",
    "Turns",
    "is_broken_off",
    "is_temporary",
    "model_of",
    "open_chats",
]
