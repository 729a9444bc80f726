"""Titles that a model writes: in the background, after the first answer of a conversation."""

import asyncio
import logging
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import sqlite_utils

from aiportal.accounts import Preferences
from aiportal.chat.completions import Completions
from aiportal.chat.turn_plan import TurnPlan
from aiportal.dialects.openai_chat import ChatLimits, ChatRequest
from aiportal.errors import PortalError
from aiportal.events import TextDelta
from aiportal.principal import Principal
from aiportal.store import Database

__all__ = ["Titles", "cleaned_title", "title_body", "titles_wanted"]

MAX_RUNNING = 32  # of all users; beyond it the first words of the question stay
TIMEOUT_S = 30.0
MAX_TOKENS = 24
MAX_EXCERPT_CHARS = 1_000  # of the question and of the answer
MAX_TITLE_CHARS = 60
ENDPOINT = "title"

INSTRUCTION: Final = (
    "Write a title of two to six words for this conversation, in the language of the question. "
    "Answer with the title alone: no quotation marks, no full stop."
)

_FIRST_ANSWER = """
SELECT q.content AS question, a.content AS answer
FROM conversations c JOIN messages q ON q.id = :question_id JOIN messages a ON a.id = :answer_id
WHERE c.id = :id AND c.user_id = :user_id AND c.deleted_at IS NULL AND c.title_by = 'question'
  AND NOT EXISTS (
    SELECT 1 FROM messages m
    WHERE m.conversation_id = c.id AND m.role = 'assistant' AND m.status = 'done' AND m.id <> a.id
      AND (m.comparison_id IS NULL OR m.comparison_id IS NOT a.comparison_id))
"""
_KEEP = """
UPDATE conversations SET title = :title, title_by = 'model'
WHERE id = :id AND user_id = :user_id AND title_by = 'question'
"""
_LABEL = re.compile(r"^\W*(?:the )?(?:title|titel|titre|título|titolo)\s*[:：]\s*", re.IGNORECASE)
_MARKS = "\"'“”„‟‘’‚‛«»‹›「」『』`*_#> \t"
_CHATTER = re.compile(
    r"^(?:sure|certainly|of course|okay|here(?:'s| is| are)|i'm |i am |i can|as an ai|please)\b",
    re.IGNORECASE,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Excerpt:
    """What the model is shown."""

    question: str
    answer: str


class Titles:
    """Owns the tasks that ask for titles, 32 at most: an async context manager; leaving it ends
    them. What goes wrong in one is logged, and the title stays as it was.

    is_usual: whether titles are written for users whose preferences do not say.
    limits: asked for at each title, because they can be reloaded.
    """

    def __init__(
        self,
        database: Database,
        *,
        completions: Completions,
        preferences: Preferences,
        limits: Callable[[], ChatLimits],
        is_usual: bool,
    ) -> None:
        self._database = database
        self._completions = completions
        self._preferences = preferences
        self._limits = limits
        self._is_usual = is_usual
        self._users: dict[asyncio.Task[None], str] = {}  # a task leaves it at its end
        self._is_open = False

    async def __aenter__(self) -> Self:
        self._is_open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_open = False
        tasks = list(self._users)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def consider(self, plan: TurnPlan) -> None:
        """A turn has ended with an answer: write a title if it was the first of its conversation."""
        if not self._is_open or len(self._users) >= MAX_RUNNING:
            return
        task = asyncio.create_task(self._write(plan), name=f"title {plan.started.turn_id}")
        self._users[task] = plan.principal.user_id
        task.add_done_callback(lambda ended: self._users.pop(ended, None))

    def is_writing(self, principal: Principal) -> bool:
        """Whether a title of a conversation of the caller's may be about to come."""
        return principal.user_id in self._users.values()

    async def is_wanted(self, principal: Principal) -> bool:
        """Whether models write the titles of the caller's new conversations."""
        return titles_wanted(await self._preferences.get(principal), usual=self._is_usual)

    async def _write(self, plan: TurnPlan) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._write_if_wanted(plan)
        except TimeoutError:
            logger.info("no title for %s: too late", plan.started.conversation_id)
        except PortalError as error:
            logger.info("no title for %s: %s", plan.started.conversation_id, error.message)
        except Exception:  # the task ends: a title is never worth more than a line of the log
            logger.exception("no title for %s", plan.started.conversation_id)

    async def _write_if_wanted(self, plan: TurnPlan) -> None:
        excerpt = await self._excerpt(plan)
        if excerpt is None or not await self.is_wanted(plan.principal):
            return
        written = await self._ask(plan, excerpt)
        title = cleaned_title(written or "", question=excerpt.question)
        if title is None:
            logger.debug("no title for %s: of no use", plan.started.conversation_id)
            return
        values = {
            "title": title,
            "id": plan.started.conversation_id,
            "user_id": plan.principal.user_id,
        }
        await self._database.write(lambda database: database.execute(_KEEP, values).rowcount)

    async def _excerpt(self, plan: TurnPlan) -> _Excerpt | None:
        """The first exchange, None where there is nothing to name or the user has named it."""
        values = {
            "id": plan.started.conversation_id,
            "user_id": plan.principal.user_id,
            "question_id": plan.started.user_message_id,
            "answer_id": plan.started.assistant_message_id,
        }

        def select(database: sqlite_utils.Database) -> _Excerpt | None:
            for row in database.query(_FIRST_ANSWER, values):
                question, answer = row["question"].strip(), row["answer"].strip()
                return _Excerpt(question, answer) if question and answer else None
            return None

        return await self._database.read(select)

    async def _ask(self, plan: TurnPlan, excerpt: _Excerpt) -> str | None:
        """What the model that has answered calls it, None where it did not come to an end."""
        request = ChatRequest.parse(title_body(plan.started.model, excerpt), self._limits())
        async with self._completions.open(
            plan.principal, request, source=plan.source, endpoint=ENDPOINT
        ) as completion:
            pieces = [
                delta.text async for delta in completion.deltas() if isinstance(delta, TextDelta)
            ]
        return None if completion.finish_reason == "length" else "".join(pieces)


def title_body(model_id: str, excerpt: _Excerpt) -> dict[str, Any]:
    """The body of a streamed chat completion that asks for a title."""
    content = (
        f"{INSTRUCTION}\n\nQuestion: {excerpt.question[:MAX_EXCERPT_CHARS]}\n\n"
        f"Answer: {excerpt.answer[:MAX_EXCERPT_CHARS]}\n\nTitle:"
    )
    return {
        "model": model_id,
        "messages": [{"role": "user", "content": content}],
        "max_tokens": MAX_TOKENS,
        "stream": True,
    }


def titles_wanted(preferences: object, *, usual: bool) -> bool:
    """What `{"chat": {"titles": …}}` of a user's preferences says, `usual` where it is silent."""
    chat = preferences.get("chat") if isinstance(preferences, dict) else None
    wish = chat.get("titles") if isinstance(chat, dict) else None
    return wish if isinstance(wish, bool) else usual


def cleaned_title(written: str, *, question: str) -> str | None:
    """What a model has written as a title, if it is one: None for an empty one, one of more than 60
    characters, one that repeats the question or the instruction, and small talk."""
    line = next((one for one in written.splitlines() if one.strip(_MARKS)), "")
    visible = "".join(c for c in line if unicodedata.category(c)[0] != "C" or c in " \t")
    title = " ".join(_LABEL.sub("", visible).split()).strip(_MARKS).rstrip(".").strip(_MARKS)
    said = _plain(title)
    if not said or len(title) > MAX_TITLE_CHARS or _CHATTER.match(title):
        return None
    if _plain(question).startswith(said) or said in _plain(INSTRUCTION):
        return None
    return title


def _plain(text: str) -> str:
    """Words alone, for comparisons."""
    return " ".join(re.findall(r"\w+", text.casefold()))
