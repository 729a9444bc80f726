"""The left column below the tabs: a button, a search box and the current tab's own list."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

import gradio as gr

from pages.components.parts import part

__all__ = ["HistoryRow", "RowGroup", "SideColumn", "list_value", "row_groups", "side_column"]
LOOK_AGAIN_S = 3.0

_LIST = """\
<nav class="slist" aria-label="{{value.label}}">
  {{#each value.groups}}
  <h2>{{this.name}}</h2>
  <ul>
    {{#each this.rows}}
    <li class="{{#if this.is_current}}on{{/if}}">
      <button type="button" class="srow" data-act="open" data-id="{{this.id}}"
        {{#if this.is_current}}aria-current="true"{{/if}}>
        <span class="t">{{this.title}}</span>
        {{#if this.is_live}}<span class="pulse" role="img" aria-label="running"></span>{{/if}}
      </button>
      <button type="button" class="ib i-dots row-more" data-act="row-menu" data-id="{{this.id}}"
        data-title="{{this.title}}" aria-haspopup="menu" aria-label="More about {{this.title}}"></button>
    </li>
    {{/each}}
  </ul>
  {{/each}}
  {{#if value.note}}<p class="slist-note">{{value.note}}</p>{{/if}}
</nav>"""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A row of the list. at: when it was last used. is_live: something runs in it now."""

    id: str
    title: str
    at: datetime
    is_current: bool = False
    is_live: bool = False


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows under one heading."""

    name: str
    rows: list[dict[str, object]] = field(default_factory=list)


class SideColumn(NamedTuple):
    """The components of a side column, for wiring. timer: runs while a row that is not open lives."""

    new_button: gr.Button
    search: gr.Textbox
    rows: gr.HTML
    timer: gr.Timer


def side_column(*, label: str, new: str, search: str) -> SideColumn:
    """label: the list's name for screen readers; new: the button's words; search: the box's."""
    with gr.Column(elem_classes="side", min_width=0):
        new_button = gr.Button(new, elem_classes="new i-plus", size="md")
        box = gr.Textbox(
            placeholder=search,
            label=search,
            show_label=False,
            container=False,
            interactive=True,
            max_lines=1,
            elem_classes="side-search",
        )
        rows = part(_LIST, {"label": label, "groups": [], "note": ""}, classes="grow-y")
    return SideColumn(new_button, box, rows, gr.Timer(LOOK_AGAIN_S, active=False))


def list_value(groups: Sequence[RowGroup], *, label: str, note: str) -> dict[str, object]:
    """What the list shows. note: a line below the rows, or all there is."""
    return {"label": label, "groups": [asdict(group) for group in groups], "note": note}


def row_groups(
    rows: Iterable[HistoryRow], *, now: datetime, minutes_east: int
) -> Sequence[RowGroup]:
    """Rows by age in the reader's own days: Today, Yesterday, Last 7 days, Older.

    minutes_east: the reader's time zone as an offset from UTC. The order of the rows stays.
    """
    zone = timezone(timedelta(minutes=minutes_east))
    today = now.astimezone(zone).date()
    groups: dict[str, RowGroup] = {}
    for row in rows:
        name = _age(row.at.astimezone(zone).date(), today)
        group = groups.setdefault(name, RowGroup(name))
        group.rows.append(
            {
                "id": row.id,
                "title": row.title,
                "is_current": row.is_current,
                "is_live": row.is_live,
            }
        )
    return list(groups.values())


def _age(day: date, today: date) -> str:
    days = (today - day).days
    if days <= 0:
        return "Today"
    if days == 1:
        return "Yesterday"
    return "Last 7 days" if days < 7 else "Older"
