"""The results of the blind battles at `/arena`: a plot of strengths, and the figures beside it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from aiportal.api.deps import authenticate
from aiportal.chat.arena import Leaderboard, Standing
from aiportal.portal import Portal
from pages.components.shell import BRAND_MARK
from pages.footers import escaped
from pages.reader import figure, held_together, read_in, worded
from pages.static import StaticFiles, asset_text
from pages.texts import language_of, page_in, texts

__all__ = ["ArenaPage", "Axis", "leaderboard_html"]

_NOT_KEPT: Final = {"cache-control": "no-store"}
_MOST_TICKS: Final = 6
_HEADS: Final = texts(
    "Model", "Rating", "95 % interval", "Battles", "Won", "Lost", "Tied", "Win rate"
)


class ArenaPage:
    """For everybody who is signed in; a browser without a session is led to the sign-in page."""

    def __init__(self, portal: Portal, files: StaticFiles) -> None:
        self._portal = portal
        self._files = files
        self._page = asset_text("arena.html")

    def routes(self) -> list[Route]:
        """GET of the page."""
        return [Route("/arena", self.show)]

    async def show(self, request: Request) -> Response:
        """The standings as they are now."""
        principal = await authenticate(self._portal, request)
        board = await self._portal.arena.leaderboard(principal)
        language = language_of(request.headers)
        read_in(language)
        page = page_in(self._page, language).substitute(
            head=self._files.head(language), mark=BRAND_MARK, content=leaderboard_html(board)
        )
        return HTMLResponse(page, headers=_NOT_KEPT)


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale of ratings from `low` to `high` with marks at `ticks`, all multiples of one step."""

    low: float
    high: float
    ticks: Sequence[int]

    @classmethod
    def over(cls, standings: Sequence[Standing]) -> "Axis":
        """One that holds all intervals, with two to six marks."""
        low = min(one.low for one in standings)
        high = max(one.high for one in standings)
        step = next(
            step
            for power in range(12)
            for step in (5 * 10**power, 10 * 10**power, 25 * 10**power)
            if math.ceil(high / step) - math.floor(low / step) < _MOST_TICKS
        )
        first, last = math.floor(low / step) * step, math.ceil(high / step) * step
        if first == last:
            last = first + step
        return cls(first, last, range(first, last + 1, step))

    def place(self, rating: float) -> str:
        """Where a rating stands, in percent of the axis."""
        return f"{100 * (rating - self.low) / (self.high - self.low):.2f}%"


def leaderboard_html(board: Leaderboard) -> str:
    """The plot and the table, or what to do where there are no votes."""
    if not board.standings:
        none = worded("Nobody has voted yet.")
        way = worded(
            "In the chat press Compare, choose “Blind: two models at random”, ask a question, "
            "and say which answer is better."
        )
        return f'<p class="arena-none">{none} {way}</p>'
    count = figure(board.votes)
    votes = worded("{count} votes of all users of this portal", count=count)
    if board.votes == 1:
        votes = worded("1 vote of all users of this portal")
    return f'<p class="arena-facts">{votes}</p>{_plot(board.standings)}{_table(board.standings)}'


def _plot(standings: Sequence[Standing]) -> str:
    axis = Axis.over(standings)
    grid = "".join(
        f'<line class="grid" x1="{axis.place(tick)}" x2="{axis.place(tick)}" y1="0" y2="100%"/>'
        for tick in axis.ticks
    )
    rows = "".join(_plot_row(one, axis, grid) for one in standings)
    labels = "".join(
        f'<span style="left:{axis.place(tick)}">{figure(tick)}</span>' for tick in axis.ticks
    )
    return (
        '<figure class="arena-plot" aria-labelledby="arena-plot-name"><figcaption id="arena-plot-name">'
        f"{worded('Rating with its 95 % interval')}</figcaption>"
        f'{rows}<div class="arena-row" aria-hidden="true"><span></span>'
        f'<div class="arena-axis">{labels}</div></div></figure>'
    )


def _plot_row(one: Standing, axis: Axis, grid: str) -> str:
    words = worded(
        "{rating}, between {low} and {high}",
        rating=figure(one.rating),
        low=figure(one.low),
        high=figure(one.high),
    )
    low, middle, high = (axis.place(rating) for rating in (one.low, one.rating, one.high))
    return (
        f'<div class="arena-row"><span class="mono">{escaped(one.model)}</span>'
        f'<svg width="100%" height="32" role="img" aria-label="{escaped(one.model)}: {words}">'
        f"<title>{words}</title>{grid}"
        f'<line class="span" x1="{low}" x2="{high}" y1="16" y2="16"/>'
        f'<line class="span" x1="{low}" x2="{low}" y1="11" y2="21"/>'
        f'<line class="span" x1="{high}" x2="{high}" y1="11" y2="21"/>'
        f'<circle cx="{middle}" cy="16" r="5"/></svg></div>'
    )


def _table(standings: Sequence[Standing]) -> str:
    head = "".join(
        f'<th scope="col"{"" if name == "Model" else _RIGHT}>{worded(name)}</th>' for name in _HEADS
    )
    body = "".join(_table_row(one) for one in standings)
    return (
        '<div class="arena-table" tabindex="0" role="region" '
        f'aria-label="{worded("Figures")}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


_RIGHT: Final = ' class="right"'


def _table_row(one: Standing) -> str:
    figures = (
        figure(one.rating),
        f"{figure(one.low)} – {figure(one.high)}",
        figure(one.battles),
        figure(one.wins),
        figure(one.losses),
        figure(one.ties),
        held_together(f"{figure(100 * one.win_rate)} %"),
    )
    cells = "".join(f"<td{_RIGHT}>{figure}</td>" for figure in figures)
    return f'<tr><th scope="row" class="mono">{escaped(one.model)}</th>{cells}</tr>'
