"""Comparisons: one question that several models answer at once, side by side."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from aiportal.chat import tree
from aiportal.chat.branches import Branches, BranchMessage
from aiportal.chat.conversation import MAX_MODEL_CHARS
from aiportal.chat.conversations import Conversations
from aiportal.chat.merging import merged
from aiportal.chat.messages import Message, MessageStatus
from aiportal.chat.owned_rows import owned_row
from aiportal.chat.text_bounds import check_text
from aiportal.chat.turn_plan import started_of
from aiportal.chat.turn_planner import Call
from aiportal.chat.turns import Turns
from aiportal.dialects.portal_tools import PortalTools
from aiportal.errors import InvalidRequest
from aiportal.events import Event, TurnStarted
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.usage import Door

__all__ = ["MAX_MODELS", "MIN_MODELS", "Comparison", "Comparisons", "check_models"]

MIN_MODELS = 2
MAX_MODELS = 4

_RUNNING = """
SELECT turn_id FROM messages WHERE conversation_id = ? AND status = 'running' ORDER BY number
"""
# The newest comparison of a question; answers that were given to it otherwise are not in it.
_GROUP = """
SELECT * FROM messages WHERE parent_id = :question AND comparison_id = (
  SELECT comparison_id FROM messages WHERE parent_id = :question AND comparison_id IS NOT NULL
  ORDER BY number DESC LIMIT 1
) ORDER BY number
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Answers to one question of which none is chosen yet, in the order of their models."""

    question_id: str
    answers: Sequence[BranchMessage]

    @property
    def running(self) -> Sequence[TurnStarted]:
        """The turns that are still writing."""
        return [started_of(one.message) for one in self.answers if one.message.status == "running"]


class Comparisons:
    """Every method sees only the caller's own; another's is NotFound, as if it were not there."""

    def __init__(
        self,
        database: Database,
        *,
        conversations: Conversations,
        branches: Branches,
        turns: Turns,
    ) -> None:
        self._database = database
        self._conversations = conversations
        self._branches = branches
        self._turns = turns

    async def start(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        content: str | None,
        models: Sequence[str],
        parent_id: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        attachments: Sequence[str] = (),
        source: Door = "web",
        tools: PortalTools | None = None,
    ) -> list[TurnStarted]:
        """Ask several models at once: all of them begin, or none, and then nothing is stored.

        models: 2 to 4 different ids. The rest is as in `Turns.start`, and so is what is raised; of
        models each is checked before anything is stored. Each answer has a row of its own in the
        ledger, under a request id of its own.
        """
        check_models(models)
        plans = await self._turns.planner.comparison(
            principal,
            conversation_id,
            content=content,
            parent_id=parent_id,
            models=models,
            attachments=attachments,
            call=Call(None, parameters, source, None, tools=tools),
        )
        await self._turns.launch(principal, plans)
        return [plan.started for plan in plans]

    async def follow(
        self, principal: Principal, started: Sequence[TurnStarted]
    ) -> AsyncIterator[tuple[str, int, Event]]:
        """What happens in turns that were started together: turn id, number and event.

        First the beginnings, in the order of `started`, then what comes as it comes; ends after the
        last end. The numbers are those of each turn. Raises NotFound.
        """
        for one in started:
            yield one.turn_id, 1, one
        turns = {
            one.turn_id: self._turns.follow(principal, one.turn_id, after=1) for one in started
        }
        async with aclosing(merged(turns)) as events:
            async for turn_id, (number, event) in events:
                yield turn_id, number, event

    async def show(
        self, principal: Principal, conversation_id: str, *, leaf_id: str | None = None
    ) -> Comparison | None:
        """The answers that the shown branch ends with, while none of them is chosen, else None.

        leaf_id: the last message of the branch that a page shows, else of that last looked at; of a
        branch that ends with a question whose answers were compared it is the question.
        Raises NotFound for the conversation.
        """

        def select(database: sqlite_utils.Database) -> Comparison | None:
            conversation = owned_row(database, principal, conversation_id)
            return _shown(database, conversation, leaf_id or conversation["leaf_id"])

        return await self._database.read(select)

    async def choose(self, principal: Principal, conversation_id: str, message_id: str) -> str:
        """Go on with one answer; the new end of the branch that is shown.

        The others stay beside it; those that are still being written are stopped. The conversation
        goes on with the answer's model. Raises NotFound, InvalidRequest for what is no answer.
        """
        message = await self._branches.message(principal, conversation_id, message_id)
        if message.role != "assistant" or message.parent_id is None:
            raise InvalidRequest(
                f"The message {message_id!r} is a question. Choose one of its answers.",
                param="message_id",
            )
        comparison = await self.show(principal, conversation_id, leaf_id=message.parent_id)
        running = [one.turn_id for one in comparison.running] if comparison else []
        others = [turn_id for turn_id in running if turn_id != message.turn_id]
        await asyncio.gather(*(self._turns.cancel(principal, turn_id) for turn_id in others))
        if message.model is not None:
            await self._conversations.update(principal, conversation_id, model=message.model)
        return await self._branches.choose(principal, conversation_id, message_id)

    async def cancel(
        self, principal: Principal, conversation_id: str
    ) -> Mapping[str, MessageStatus]:
        """Break off every answer that is being written there: by turn id, how each has ended.

        Raises NotFound; Conflict where another process runs one.
        """

        def select(database: sqlite_utils.Database) -> list[str]:
            owned_row(database, principal, conversation_id)
            return [row[0] for row in database.execute(_RUNNING, (conversation_id,)).fetchall()]

        running = await self._database.read(select)
        ends = await asyncio.gather(*(self._turns.cancel(principal, one) for one in running))
        return dict(zip(running, ends, strict=True))


def check_models(models: Sequence[str]) -> None:
    """Raises InvalidRequest unless they are 2 to 4 different ones."""
    if not MIN_MODELS <= len(models) <= MAX_MODELS:
        raise InvalidRequest(
            f"`models` names {len(models)}; a comparison takes {MIN_MODELS} to {MAX_MODELS}.",
            param="models",
        )
    for model_id in models:
        check_text(model_id, param="models", min_chars=1, max_chars=MAX_MODEL_CHARS)
    if len(set(models)) < len(models):
        raise InvalidRequest(
            "`models` names one of them twice. Name different ones.", param="models"
        )


def _shown(
    database: sqlite_utils.Database, conversation: Mapping[str, Any], question_id: str | None
) -> Comparison | None:
    rows = list(database.query(_GROUP, {"question": question_id}))
    answers = [row for row in rows if row["conversation_id"] == conversation["id"]]
    if question_id is None or len(answers) < MIN_MODELS:
        return None
    siblings = tree.alternatives(database, str(conversation["id"]), answers)
    return Comparison(
        question_id,
        [
            BranchMessage(Message.from_row(row), ids)
            for row, ids in zip(answers, siblings, strict=True)
        ],
    )
