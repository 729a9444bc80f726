"""Answers while they are written: the page draws them by itself, see live.js.

Gradio would send and draw the whole chat anew for each step. Its part comes before, with what is
followed as a mark in the message, and afterwards, with the chat as it is stored.
"""

import asyncio
from bisect import bisect_left
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, nullcontext
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiportal.api.deps import authenticate
from aiportal.api.streams import EventStream
from aiportal.dialects.sse import encode
from aiportal.errors import NotFound
from aiportal.events import Event
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.columns import Column, ColumnsRenderer, battle_columns, columns_of
from pages.drawing import Drawing, Render
from pages.growing import Growing
from pages.markdown import MarkdownRenderer
from pages.pace import Pace
from pages.reader import read_in
from pages.render import Answer, ChatRenderer, Texts
from pages.temporary_files import files_address
from pages.texts import language_of

__all__ = ["HtmlGrowth", "LiveAnswers"]

_END: Final = b"event: end\ndata: {}\n\n"
_Events = AsyncIterator[tuple[str, Event]]


class LiveAnswers:
    """GET routes with server-sent events: the HTML of each answer whenever it has grown.

    A stream begins with all that there is, so that a connection that was lost is simply made anew.
    """

    def __init__(self, portal: Portal, pace: Pace) -> None:
        self._portal = portal
        self._markdown = MarkdownRenderer()
        self._renderer = ChatRenderer(self._markdown)
        self._columns = ColumnsRenderer(self._markdown)
        self._pace = pace
        self._learnt: set[str] = set()

    def routes(self) -> list[Route]:
        """Of a turn, of a comparison, of a battle, of a temporary chat."""
        return [
            Route("/live/turn/{turn_id}", self.turn),
            Route("/live/comparison/{chat_id}/{question_id}", self.comparison),
            Route("/live/battle/{battle_id}", self.battle),
            Route("/live/temporary/{chat_id}/{turn_id}", self.temporary),
        ]

    async def turn(self, request: Request) -> Response:
        """The answer of one turn, under the turn's id."""
        principal = await self._reader(request)
        turn_id = request.path_params["turn_id"]
        with self._pace.beginning():
            await self._portal.turns.status(principal, turn_id)
        return self._answer_stream(turn_id, self._turn_events(principal, turn_id))

    async def temporary(self, request: Request) -> Response:
        """One answer of a temporary chat, under its turn's id."""
        principal = await self._reader(request)
        chats, path = self._portal.temporary_chats, request.path_params
        chat = await chats.get(principal, path["chat_id"])
        following = chats.follow(principal, chat.id, turn_id=path["turn_id"])
        events = ((path["turn_id"], event) async for _, event in following)
        return self._answer_stream(
            path["turn_id"], events, files_at=files_address(chat.id, path["turn_id"])
        )

    async def comparison(self, request: Request) -> Response:
        """The answers to a question, each under its turn's id; the ended ones first and whole.

        One may have ended since the page was made that shows it as running.
        """
        principal = await self._reader(request)
        comparison = await self._portal.comparisons.show(
            principal,
            request.path_params["chat_id"],
            leaf_id=request.path_params["question_id"],
        )
        if comparison is None:
            raise NotFound("There are no answers to compare. Reload the page.")
        columns = columns_of(comparison)
        running = {one.key: one for one in columns if one.answer.status == "running"}
        following = self._portal.comparisons.follow(principal, comparison.running)
        events = ((turn_id, event) async for turn_id, _, event in following)
        ended = [one for one in columns if one.key not in running]
        return self._column_stream(running, events, ended)

    async def battle(self, request: Request) -> Response:
        """Both answers of a blind battle, under the letters of their sides."""
        principal = await self._reader(request)
        battle = await self._portal.arena.get(principal, request.path_params["battle_id"])
        columns = {column.key: column for column in battle_columns(battle)}
        return self._column_stream(columns, self._portal.arena.follow(principal, battle.id))

    async def _reader(self, request: Request) -> Principal:
        """The caller, in whose language all is worded. Raises AuthenticationFailed."""
        read_in(language_of(request.headers))
        return await authenticate(self._portal, request)

    async def _turn_events(self, principal: Principal, turn_id: str) -> _Events:
        async for _, event in self._portal.turns.follow(principal, turn_id):
            yield turn_id, event

    def _answer_stream(self, turn_id: str, events: _Events, *, files_at: str = "") -> EventStream:
        def render(_: str, answer: Answer, texts: Texts) -> str:
            going_on = replace(answer, status="running")  # its end is shown with the stored chat
            return self._renderer.answer_html(going_on, texts)

        answers = {turn_id: Answer(question_id="", model="", files_at=files_at)}
        return self._stream(answers, events, render)

    def _column_stream(
        self, columns: Mapping[str, Column], events: _Events, ended: Sequence[Column] = ()
    ) -> EventStream:
        def render(key: str, answer: Answer, texts: Texts) -> str:
            return self._columns.column_html(replace(columns[key], answer=answer), texts)

        answers = {  # following them brings all of their text
            key: replace(column.answer, text="", reasoning="", tool_calls=())
            for key, column in columns.items()
        }
        return self._stream(answers, events, render, ended)

    def _stream(
        self,
        answers: Mapping[str, Answer],
        events: _Events,
        render: Render,
        ended: Sequence[Column] = (),
    ) -> EventStream:
        return EventStream(self._steps(Growing(answers, self._pace), events, render, ended))

    async def _steps(
        self, growing: Growing, events: _Events, render: Render, ended: Sequence[Column]
    ) -> AsyncGenerator[bytes, None]:
        """What the page draws, in the reader's language."""
        for column in ended:
            html = await asyncio.to_thread(self._columns.column_html, column)
            yield encode({"part": column.key, **HtmlGrowth().step(html)})
        parts: dict[str, tuple[Drawing, HtmlGrowth]] = {}
        async with aclosing(growing.snapshots(events)) as snapshots:
            async for key, answer in snapshots:
                is_first = key not in parts
                drawing, growth = parts.setdefault(
                    key, (Drawing(render, self._markdown, self._learnt), HtmlGrowth())
                )
                with self._pace.beginning() if is_first else nullcontext():
                    html = await drawing.html(key, answer)
                yield encode({"part": key, **growth.step(html)})
        yield _END


class HtmlGrowth:
    """HTML that mostly grows at its end, as what is new about it each time."""

    def __init__(self) -> None:
        self._html = ""

    def step(self, html: str) -> dict[str, int | str]:
        """`keep`: how much of the HTML before stays, in UTF-16 units as JavaScript counts, and
        `html`: what comes after that."""
        kept = _shared_length(self._html, html)
        self._html = html
        return {"keep": len(html[:kept].encode("utf-16-le")) // 2, "html": html[kept:]}


def _shared_length(first: str, second: str) -> int:
    """The length of the longest common beginning."""
    most = min(len(first), len(second))
    return bisect_left(
        range(1, most + 1), True, key=lambda length: first[:length] != second[:length]
    )
