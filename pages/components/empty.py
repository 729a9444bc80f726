"""What is shown where there is nothing yet: an icon, a heading, a sentence, perhaps a way on."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import gradio as gr

from pages.components.parts import part
from pages.components.shell import mode_button, title_bar

__all__ = ["Starter", "empty_state", "planned_tab"]

_EMPTY = """\
<div class="empty">
  <span class="ic i-{{value.icon}}" aria-hidden="true"></span>
  <h2>{{value.heading}}</h2>
  <p>{{value.text}}</p>
  {{#if value.starters}}
  <ul class="tips">
    {{#each value.starters}}
    <li><button type="button" class="tip" data-act="starter" data-text="{{this.question}}">
      <b>{{this.title}}</b><span>{{this.text}}</span></button></li>
    {{/each}}
  </ul>
  {{/if}}
</div>"""


@dataclass(frozen=True, slots=True)
class Starter:
    """A card that puts `question` into the composer."""

    title: str
    text: str
    question: str


def empty_state(*, icon: str, heading: str, text: str, starters: Sequence[Starter] = ()) -> gr.HTML:
    """The component for an empty place."""
    value = {
        "icon": icon,
        "heading": heading,
        "text": text,
        "starters": [asdict(starter) for starter in starters],
    }
    return part(_EMPTY, value, classes="empty-part")


def planned_tab(*, title: str, icon: str, heading: str, text: str) -> None:
    """A tab whose capability comes later: its bar and one line on what there will be."""
    with gr.Column(elem_classes="main", min_width=0):
        with gr.Row(elem_classes="bar"):
            title_bar(title)
            mode_button()
        empty_state(icon=icon, heading=heading, text=text)
