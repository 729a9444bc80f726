"""The parts that keep conversations, built in order and stopped in reverse."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiportal.accounts import Preferences
from aiportal.chat.arena import Arena
from aiportal.chat.attachments import Attachments
from aiportal.chat.branches import Branches
from aiportal.chat.comparison import Comparisons
from aiportal.chat.completions import Completions
from aiportal.chat.conversations import Conversations
from aiportal.chat.exports import Exports
from aiportal.chat.imports import Imports
from aiportal.chat.project_files import ProjectFiles
from aiportal.chat.projects import Projects
from aiportal.chat.prompts import Prompts
from aiportal.chat.queue import Queue
from aiportal.chat.ratings import Ratings
from aiportal.chat.raw_exchanges import RawExchanges
from aiportal.chat.shares import Shares
from aiportal.chat.temporary import TemporaryChats
from aiportal.chat.titles import Titles
from aiportal.chat.tool_artifacts import ToolArtifacts
from aiportal.chat.trash import Trash
from aiportal.chat.turn_plan import TurnPlan
from aiportal.chat.turns import Turns
from aiportal.dialects.openai_chat import ChatLimits
from aiportal.registry import Registry
from aiportal.settings import Settings
from aiportal.store import Database

__all__ = ["Chats", "open_chats"]


@dataclass(frozen=True, slots=True)
class Chats:
    """Everything that doors use of conversations."""

    conversations: Conversations
    attachments: Attachments
    prompts: Prompts
    branches: Branches
    exports: Exports
    imports: Imports
    shares: Shares
    projects: Projects
    project_files: ProjectFiles
    ratings: Ratings
    raw_exchanges: RawExchanges
    trash: Trash
    titles: Titles
    turns: Turns
    queue: Queue
    comparisons: Comparisons
    arena: Arena
    temporary_chats: TemporaryChats
    tool_artifacts: ToolArtifacts


@asynccontextmanager
async def open_chats(
    database: Database,
    settings: Settings,
    *,
    registry: Registry,
    completions: Completions,
    preferences: Preferences,
) -> AsyncIterator[Chats]:
    """Start turns, titles and the emptying of the trash, and end them when the context is left."""
    conversations = Conversations(database)
    projects = Projects(database)
    attachments = Attachments(database, settings)
    limits = _limits(registry)
    trash = Trash(database)
    titles = Titles(
        database,
        completions=completions,
        preferences=preferences,
        limits=limits,
        is_usual=settings.chat_titles == "on",
    )
    turns = Turns(
        database,
        settings,
        registry=registry,
        completions=completions,
        conversations=conversations,
        attachments=attachments,
    )
    queue = Queue(database, turns=turns)
    turns.on_done = _each(titles.consider, queue.consider)
    branches = Branches(database, limits=limits)
    arena = Arena(database, registry=registry, completions=completions, limits=limits)
    temporary = TemporaryChats(database, settings, registry=registry, completions=completions)
    async with trash, attachments, titles, turns, queue, arena, temporary:
        yield Chats(
            conversations=conversations,
            branches=branches,
            attachments=attachments,
            prompts=Prompts(database),
            exports=Exports(database),
            imports=Imports(database),
            shares=Shares(database),
            projects=projects,
            project_files=ProjectFiles(database),
            ratings=Ratings(database),
            raw_exchanges=RawExchanges(
                database, registry=registry, conversations=conversations, projects=projects
            ),
            trash=trash,
            titles=titles,
            turns=turns,
            queue=queue,
            comparisons=Comparisons(
                database, conversations=conversations, branches=branches, turns=turns
            ),
            arena=arena,
            temporary_chats=temporary,
            tool_artifacts=ToolArtifacts(database),
        )


def _limits(registry: Registry) -> Callable[[], ChatLimits]:
    """Those that hold at the moment: they can be reloaded."""
    return lambda: registry.limits


def _each(*told: Callable[[TurnPlan], None]) -> Callable[[TurnPlan], None]:
    """Tells all of them, in that order."""

    def tell(plan: TurnPlan) -> None:
        for one in told:
            one(plan)

    return tell
