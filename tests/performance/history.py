"""`python -m tests.performance.history [--conversations N] [--messages N]`: a few minutes.

Fills a database with one user's conversations, in words as frequent as those of a language, and asks
the portal over HTTP for the list and for words: rare ones, frequent ones, beginnings. It prints the
figures beside their targets, and exits 0 whatever they are.
"""

import asyncio
import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import click
import sqlite_utils

from aiportal.portal import Portal
from aiportal.settings import Settings
from aiportal.store import Database
from aiportal.timestamps import now_text
from tests.performance.report import Finding, as_table
from tests.running import PortalProcess

__all__ = ["HistoryBench", "main"]

VOCABULARY = 30_000
WORDS_OF_QUESTION, WORDS_OF_ANSWER = 20, 80
ROUNDS = 40
AT_ONCE = 200  # conversations in one write
LIST_MS, SEARCH_MS = 300.0, 200.0
SYLLABLES = ("ka", "lo", "mi", "ren", "tu", "sha", "vel", "dor", "pi", "gan", "este", "ur")


class HistoryBench:
    """One database of one user. The words are the same at each run."""

    def __init__(self, folder: Path, *, conversations: int, messages: int) -> None:
        self._settings = Settings(
            port=0, data_dir=folder / "data", cache_dir=folder / "cache", local_model="off"
        )
        self._conversations = conversations
        self._messages = messages
        self._random = random.Random(7)
        self._words = _vocabulary(self._random)
        # As in a language: the n-th word comes 1/n times as often as the first.
        self._weights = list(itertools.accumulate(1 / (n + 1) for n in range(VOCABULARY)))

    def run(self) -> list[Finding]:
        """Fill, ask, tell."""
        key, fill_s = asyncio.run(self._fill())
        size = self._settings.database_path.stat().st_size
        with PortalProcess(self._settings, key=key, has_pages=False) as server:
            findings = asyncio.run(self._ask(server))
        return [
            Finding("filling the database", fill_s, "s"),
            Finding("its size", size / 2**20, "MiB"),
            *findings,
        ]

    async def _fill(self) -> tuple[str, float]:
        async with Portal.open(self._settings) as portal:
            operator = await portal.users.operator()
            _, key = await portal.keys.create(operator, name="bench")
            began = time.perf_counter()
            for first in range(0, self._conversations, AT_ONCE):
                numbers = range(first, min(first + AT_ONCE, self._conversations))
                await self._insert(portal.database, operator.user_id, numbers)
            return key, time.perf_counter() - began

    async def _insert(self, database: Database, user_id: str, numbers: range) -> None:
        conversations = [self._conversation(user_id, number) for number in numbers]
        messages = [one for number in numbers for one in self._thread(number)]

        def insert(connection: sqlite_utils.Database) -> None:
            connection.table("conversations").insert_all(conversations)
            connection.table("messages").insert_all(messages)

        await database.write(insert)

    def _conversation(self, user_id: str, number: int) -> dict[str, Any]:
        at = now_text(plus_s=-3600.0 * (self._conversations - number))
        return {
            "id": f"conv_{number:08}",
            "user_id": user_id,
            "title": self._text(5),
            "tags": '["work"]' if number % 50 == 0 else "[]",
            "created_at": at,
            "updated_at": at,
        }

    def _thread(self, number: int) -> Iterator[dict[str, Any]]:
        for place in range(self._messages):
            is_answer = place % 2
            yield {
                "id": f"msg_{number:08}_{place:04}",
                "conversation_id": f"conv_{number:08}",
                "parent_id": f"msg_{number:08}_{place - 1:04}" if place else None,
                "role": "assistant" if is_answer else "user",
                "content": self._text(WORDS_OF_ANSWER if is_answer else WORDS_OF_QUESTION),
                "status": "done",
                "created_at": "2026-01-01T00:00:00.000+00:00",
            }

    def _text(self, words: int) -> str:
        return " ".join(self._random.choices(self._words, cum_weights=self._weights, k=words))

    async def _ask(self, server: PortalProcess) -> list[Finding]:
        rare, usual, frequent = self._words[20_000], self._words[500], self._words[0]
        calls: dict[str, tuple[Mapping[str, str], float]] = {
            "the list": ({"limit": "100"}, LIST_MS),
            "one tag": ({"limit": "100", "tag": "work"}, LIST_MS),
            "a rare word": ({"q": rare}, SEARCH_MS),
            "a usual word": ({"q": usual}, SEARCH_MS),
            "the most frequent word": ({"q": frequent}, SEARCH_MS),
            "two words": ({"q": f"{usual} {frequent}"}, SEARCH_MS),
            "one letter": ({"q": frequent[:1]}, SEARCH_MS),
            "two letters": ({"q": frequent[:2]}, SEARCH_MS),
            "three letters": ({"q": frequent[:3]}, SEARCH_MS),
            "a word that is nowhere": ({"q": "zzzz"}, SEARCH_MS),
            "the most frequent word, 200 at once": ({"q": frequent, "limit": "200"}, SEARCH_MS),
        }
        url = f"{server.url}/api/v1/conversations"
        async with aiohttp.ClientSession(headers=server.headers) as session:
            return [
                await _measured(session, url, query, f"{name}: p95", bound)
                for name, (query, bound) in calls.items()
            ]


async def _measured(
    session: aiohttp.ClientSession, url: str, query: Mapping[str, str], name: str, bound_ms: float
) -> Finding:
    """What nineteen of twenty calls stay below, beside the median."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        async with session.get(url, params=query) as answer:
            answer.raise_for_status()
            await answer.read()
        times.append((time.perf_counter() - began) * 1000)
    slowest, median = statistics.quantiles(times, n=20)[-1], statistics.median(times)
    return Finding(name, slowest, "ms", bound_ms, detail=f"median {median:.0f} ms")


def _vocabulary(chance: random.Random) -> list[str]:
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        words["".join(chance.choices(SYLLABLES, k=chance.randint(1, 5)))] = None
    return list(words)


@click.command()
@click.option("--conversations", default=10_000, show_default=True)
@click.option("--messages", default=40, show_default=True, help="In each conversation.")
def main(conversations: int, messages: int) -> None:
    """Measure the history of somebody who has chatted a lot."""
    with tempfile.TemporaryDirectory(prefix="aiportal-history-") as folder:
        bench = HistoryBench(Path(folder), conversations=conversations, messages=messages)
        click.echo(as_table(bench.run()))


if __name__ == "__main__":
    main()
