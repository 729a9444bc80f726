"""What was asked and said for the answers of stored conversations."""

import sqlite_utils

from aiportal.chat.conversations import Conversations
from aiportal.chat.messages import Message
from aiportal.chat.owned_rows import owned_message_row
from aiportal.chat.parameters import without_tools
from aiportal.chat.project_files import ProjectFiles
from aiportal.chat.projects import Projects, system_prompt_of
from aiportal.chat.prompt import chat_body
from aiportal.chat.raw_exchange import RawExchange
from aiportal.errors import InvalidRequest
from aiportal.principal import Principal
from aiportal.registry import Registry
from aiportal.store import Database

__all__ = ["RawExchanges"]

MAX_CHARS = 300_000  # written out for people, and three times over


class RawExchanges:
    """Sees only the caller's own answers; another's is NotFound, as if it were not there."""

    def __init__(
        self,
        database: Database,
        *,
        registry: Registry,
        conversations: Conversations,
        projects: Projects,
    ) -> None:
        self._database = database
        self._registry = registry
        self._conversations = conversations
        self._projects = projects
        self._project_files = ProjectFiles(database)

    async def get(self, principal: Principal, message_id: str) -> RawExchange:
        """The request as a turn would make it today, and the answer as it is stored.

        Raises NotFound; InvalidRequest for a question, and for a chat that is too long.
        """

        def select(database: sqlite_utils.Database) -> Message:
            return Message.from_row(owned_message_row(database, principal, message_id))

        answer = await self._database.read(select)
        if answer.role != "assistant" or answer.parent_id is None:
            raise InvalidRequest(
                f"The message {message_id!r} is a question. Ask for the answer that follows it."
            )
        conversation = await self._conversations.get(principal, answer.conversation_id)
        project = await self._projects.of(principal, conversation)
        project_files = await self._project_files.of(principal, project)
        limits = self._registry.limits
        branch = await self._conversations.path(
            principal, conversation.id, limit=limits.max_messages, leaf_id=answer.parent_id
        )
        chars = sum(len(message.content) for message in branch)
        if chars > MAX_CHARS:
            raise InvalidRequest(
                f"The chat up to this answer has {chars:,} characters; requests of at most "
                f"{MAX_CHARS:,} are shown. Export the chat instead.",
                code="too_long",
            )
        model_id = answer.model or self._registry.default_model
        body = chat_body(
            branch,
            model_id=model_id,
            system_prompt=system_prompt_of(conversation, project),
            parameters={
                name: value
                for name, value in without_tools(conversation.parameters).items()
                if value is not None
            },
            context_window=self._registry.context_window(principal, model_id),
            max_messages=limits.max_messages,
            project_files=project_files,
        )
        has_files = bool(project_files) or any(message.attachments for message in branch)
        return RawExchange.of(answer, body, has_files=has_files)
