"""What tests of turns have in common: ask, wait, and look at what came of it."""

import asyncio
from typing import Any

from aiportal.chat import Conversation, Conversations, Message, Turns
from aiportal.events import Event, TextDelta, TurnStarted
from aiportal.principal import Principal
from tests.upstreams import DONE, Answer, Gate, Upstream, chunk, stream

__all__ = [
    "DEADLINE_S",
    "Numbered",
    "ask",
    "content_is",
    "events_of",
    "gated",
    "newest",
    "sent",
    "text_arrives",
    "text_of",
]

DEADLINE_S = 5
Numbered = tuple[int, Event]


async def events_of(
    turns: Turns, principal: Principal, turn_id: str, *, after: int = 0
) -> list[Numbered]:
    """All events of a turn, once it has ended."""
    async with asyncio.timeout(DEADLINE_S):
        return [numbered async for numbered in turns.follow(principal, turn_id, after=after)]


async def ask(turns: Turns, principal: Principal, chat: Conversation, question: str) -> TurnStarted:
    """Ask and wait for the end."""
    started = await turns.start(principal, chat.id, content=question)
    await events_of(turns, principal, started.turn_id)
    return started


async def text_arrives(turns: Turns, principal: Principal, started: TurnStarted) -> None:
    """Return when the answer has begun."""
    async with asyncio.timeout(DEADLINE_S):
        async for _, event in turns.follow(principal, started.turn_id):
            if isinstance(event, TextDelta):
                return


async def content_is(
    conversations: Conversations, principal: Principal, chat: Conversation, content: str
) -> None:
    """Return when the stored answer says that. Raises TimeoutError after 2 s."""
    async with asyncio.timeout(2):
        # The database tells nobody of a change: it has to be asked.
        while (await newest(conversations, principal, chat)).content != content:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def newest(conversations: Conversations, principal: Principal, chat: Conversation) -> Message:
    """The message that was added last."""
    return (await conversations.path(principal, chat.id))[-1]


def text_of(events: list[Numbered]) -> str:
    return "".join(event.text for _, event in events if isinstance(event, TextDelta))


def sent(upstream: Upstream) -> list[tuple[str, str]]:
    """Role and content of each message that the upstream got last."""
    return [(m["role"], m["content"]) for m in upstream.last().json["messages"]]


def gated(*words: str) -> tuple[Answer, list[Gate]]:
    """An answer whose words after the first wait for a gate each."""
    gates = [Gate() for _ in words[1:]]
    steps: list[Any] = [chunk(words[0])]
    for gate, word in zip(gates, words[1:], strict=True):
        steps += [gate, chunk(word)]
    return stream(*steps, chunk(finish="stop"), DONE), gates
