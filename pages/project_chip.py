"""What the chip below a question says of the files of its project."""

from aiportal.chat import Conversation, Project
from aiportal.errors import NotFound
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.components import NO_PROJECT_FILES
from pages.list_view import ListView
from pages.reader import figure, worded

__all__ = ["ProjectChip"]


class ProjectChip:
    """Makes its values; changes nothing."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    async def of(self, principal: Principal, project: Project | None) -> dict[str, str]:
        """How many files the project has; nothing is said where there are none."""
        files = await self._portal.project_files.of(principal, project)
        if project is None or not files:
            return NO_PROJECT_FILES
        if len(files) == 1:
            words = worded("1 file of {project}", project=project.name)
        else:
            count = figure(len(files))
            words = worded("{count} files of {project}", count=count, project=project.name)
        return {"id": project.id, "words": words}

    async def in_chat(self, principal: Principal, conversation: Conversation) -> dict[str, str]:
        """Of a conversation's project."""
        return await self.of(principal, await self._portal.projects.of(principal, conversation))

    async def below(self, principal: Principal, chat_id: str, view: ListView) -> dict[str, str]:
        """Of the open chat's project; of a new chat's, which is the one that the list shows."""
        try:
            if chat_id:
                conversation = await self._portal.conversations.get(principal, chat_id)
                return await self.in_chat(principal, conversation)
            if view.project_id:
                project = await self._portal.projects.get(principal, view.project_id)
                return await self.of(principal, project)
        except NotFound:  # deleted in another tab
            pass
        return NO_PROJECT_FILES
