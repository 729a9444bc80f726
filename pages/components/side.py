"""The left column below the tabs: a button, a search box and the current tab's own list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

import gradio as gr

from pages.components.parts import part
from pages.texts import say, texts

__all__ = ["HistoryRow", "RowGroup", "SideColumn", "list_value", "row_groups", "side_column"]
LOOK_AGAIN_S = 3.0
MONTHS = texts(
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_LIST = """\
<nav class="slist" aria-label="{{value.label}}" data-projects="{{value.choices}}">
  {{#if value.scope}}
  <div class="shead scope">
    <button type="button" class="ib i-back" data-act="narrow" aria-label="⟦All chats⟧"></button>
    <b>{{value.scope.name}}</b>
    {{#if value.scope.project}}
    <button type="button" class="ib i-dots" data-act="project" data-id="{{value.scope.project.id}}"
      data-name="{{value.scope.project.name}}" data-model="{{value.scope.project.model}}"
      data-instructions="{{value.scope.project.instructions}}"
      aria-label="⟦Settings of⟧ {{value.scope.project.name}}"></button>
    {{/if}}
  </div>
  {{/if}}
  {{#if value.has_ways}}
  <section aria-label="⟦Projects⟧">
    <div class="shead"><span>⟦Projects⟧</span>
      <button type="button" class="ib i-plus" data-act="project" data-id="" data-name="" data-model=""
        data-instructions="" aria-label="⟦New project⟧" title="⟦New project⟧"></button></div>
    <ul>
      {{#each value.projects}}
      <li>
        <button type="button" class="prow i-folder" data-act="narrow" data-project="{{this.id}}">
          <span class="t">{{this.name}}</span></button>
        <button type="button" class="ib i-dots row-more" data-act="project" data-id="{{this.id}}"
          data-name="{{this.name}}" data-model="{{this.model}}"
          data-instructions="{{this.instructions}}" aria-label="⟦Settings of⟧ {{this.name}}"></button>
      </li>
      {{/each}}
    </ul>
    {{#if value.tags}}
    <div class="stags" role="group" aria-label="⟦Tags⟧">
      {{#each value.tags}}<button type="button" class="stag" data-act="narrow"
        data-tag="{{this}}">#{{this}}</button>{{/each}}
    </div>
    {{/if}}
  </section>
  {{/if}}
  {{#each value.groups}}
  <h2>{{this.name}}</h2>
  <ul>
    {{#each this.rows}}
    <li class="{{#if this.is_current}}on{{/if}}">
      <input type="checkbox" class="pick" value="{{this.id}}" aria-label="⟦Select⟧ {{this.title}}">
      <button type="button" class="srow" data-act="open" data-id="{{this.id}}"
        {{#if this.is_current}}aria-current="true"{{/if}}>
        <span class="t">{{#each this.title_pieces}}{{#if this.is_hit}}<mark>{{this.text}}</mark
          >{{else}}{{this.text}}{{/if}}{{/each}}</span>
        {{#if this.is_live}}<span class="pulse" role="img" aria-label="⟦running⟧"></span>{{/if}}
      </button>
      {{#each this.hits}}<button type="button" class="hit" data-act="open" data-id="{{../id}}"
        >{{#each this}}{{#if this.is_hit}}<mark>{{this.text}}</mark>{{else}}{{this.text}}{{/if
        }}{{/each}}</button>{{/each}}
      <button type="button" class="ib i-dots row-more" data-act="row-menu" data-id="{{this.id}}"
        data-title="{{this.title}}" data-pinned="{{this.is_pinned}}"
        data-archived="{{this.is_archived}}" data-project="{{this.project_id}}" data-tags="{{this.tag_list}}"
        aria-haspopup="menu" aria-label="⟦More about⟧ {{this.title}}"></button>
    </li>
    {{/each}}
  </ul>
  {{/each}}
  {{#if value.note}}<p class="slist-note">{{value.note}}</p>{{/if}}
  <div class="sfoot">
    <div class="ways">
      {{#if value.has_ways}}<button type="button" class="way i-archive" data-act="narrow"
        data-archived="true">⟦Archived⟧</button>{{/if}}
      {{#if value.groups}}<button type="button" class="way i-check" data-act="pick">⟦Select⟧</button>{{/if}}
    </div>
    <div class="bulk" role="toolbar" aria-label="⟦Selected chats⟧">
      <div><span class="picked" role="status">⟦None selected⟧</span>
        <button type="button" class="lnk" data-act="pick-all">⟦All⟧</button>
        <button type="button" class="lnk" data-act="pick">⟦Done⟧</button></div>
      <div>
        <button type="button" class="ib i-pin" data-act="bulk" data-action="pin"
          aria-label="⟦Pin⟧" title="⟦Pin⟧"></button>
        <button type="button" class="ib i-archive" data-act="bulk" data-action="archive"
          aria-label="⟦Archive⟧" title="⟦Archive⟧"></button>
        <button type="button" class="ib i-tag" data-act="bulk" data-action="tag"
          aria-label="⟦Tag⟧" title="⟦Tag⟧"></button>
        <button type="button" class="ib i-folder" data-act="bulk" data-action="move"
          aria-label="⟦Move to a project⟧" title="⟦Move to a project⟧"></button>
        <button type="button" class="ib i-trash" data-act="bulk" data-action="delete"
          aria-label="⟦Delete⟧" title="⟦Delete⟧"></button>
      </div>
    </div>
  </div>
</nav>"""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A row of the list. at: when it was last used. is_live: something runs in it now.

    title_pieces, hits: the title, and what a search has found besides, each as pieces with `text`
    and `is_hit`.
    """

    id: str
    title: str
    at: datetime
    is_current: bool = False
    is_live: bool = False
    is_pinned: bool = False
    is_archived: bool = False
    project_id: str = ""
    tags: Sequence[str] = ()
    title_pieces: Sequence[Mapping[str, object]] = ()
    hits: Sequence[Sequence[Mapping[str, object]]] = ()


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
        rows = part(_LIST, list_value([], label=label, note=""), classes="grow-y")
    return SideColumn(new_button, box, rows, gr.Timer(LOOK_AGAIN_S, active=False))


def list_value(groups: Sequence[RowGroup], *, label: str, note: str) -> dict[str, object]:
    """What the list shows. note: a line below the rows, or all there is."""
    listed = [asdict(group) for group in groups]
    return {"label": label, "groups": listed, "note": note}


def row_groups(
    rows: Iterable[HistoryRow], *, now: datetime, minutes_east: int, language: str = "en"
) -> Sequence[RowGroup]:
    """Pinned rows, then the others by age in the reader's own days: Today, Yesterday, Previous 7
    days, then by month.

    minutes_east: the reader's time zone as an offset from UTC. The order of the rows stays.
    language: of the groups' names.
    """
    zone = timezone(timedelta(minutes=minutes_east))
    today = now.astimezone(zone).date()
    groups: dict[str, RowGroup] = {}
    for row in rows:
        age = _age(row.at.astimezone(zone).date(), today, language)
        name = say(language, "Pinned") if row.is_pinned else age
        group = groups.setdefault(name, RowGroup(name))
        group.rows.append(
            {
                "id": row.id,
                "title": row.title,
                "is_current": row.is_current,
                "is_live": row.is_live,
                "is_pinned": "true" if row.is_pinned else "",
                "is_archived": "true" if row.is_archived else "",
                "project_id": row.project_id,
                "tag_list": ", ".join(row.tags),
                "title_pieces": row.title_pieces or [{"text": row.title, "is_hit": False}],
                "hits": row.hits,
            }
        )
    pinned = say(language, "Pinned")
    return sorted(groups.values(), key=lambda group: group.name != pinned)


def _age(day: date, today: date, language: str) -> str:
    days = (today - day).days
    if days <= 0:
        return say(language, "Today")
    if days == 1:
        return say(language, "Yesterday")
    if days <= 7:
        return say(language, "Previous 7 days")
    month = say(language, MONTHS[day.month - 1])
    if day.year == today.year:
        return month
    return say(language, "{month} {year}", month=month, year=day.year)
