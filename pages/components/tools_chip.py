"""The chip that says which of the portal's tools a chat has, and its panel."""

from collections.abc import Mapping
from typing import Any, Final

import gradio as gr

from pages.components.parts import part

__all__ = ["NO_TOOLS", "chosen_tools", "tools_chip", "tools_panel"]

NO_TOOLS: Final[Mapping[str, Any]] = {"tools": [], "reason": "", "runs": ""}

_CHIP: Final = """\
<button type="button" class="chip i-tool tools-chip" data-act="tools" aria-expanded="false"
  aria-controls="tools-panel" hidden><span class="lbl">⟦Tools⟧</span><span class="n"></span></button>"""

_PANEL: Final = """\
<fieldset class="cmp-panel tools-panel" id="tools-panel" data-reason="{{value.reason}}"
  data-runs="{{value.runs}}" hidden>
  <legend class="only-sr">⟦Tools that the model may use in this chat⟧</legend>
  <p class="cmp-hint">⟦The model decides when to call one. What it calls is shown in the answer.⟧</p>
  <div class="tools-list">
    {{#each value.tools}}
    <label><input type="checkbox" value="{{this.id}}" {{#if this.own}}data-own="1"{{/if}}><span
      class="tt"><b>{{this.name}}</b>{{#if this.asks}}<i class="tag">{{this.asks}}</i>{{/if}}<small
      title="{{this.about}}">{{this.about}}</small></span></label>
    {{/each}}
  </div>
</fieldset>"""

_CHOSEN: Final = """\
<span id="chosen-tools" data-tools="{{value.tools}}" data-mark="{{value.mark}}"></span>"""


def tools_chip() -> gr.HTML:
    """Among the composer's chips; tools.js shows it where there are any tools."""
    return part(_CHIP)


def tools_panel() -> gr.HTML:
    """The tools that the picked model can have; see `ToolsChoice.options`."""
    return part(_PANEL, dict(NO_TOOLS), classes="cmp-panel-part")


def chosen_tools() -> gr.HTML:
    """What the open chat has of them, as JSON, for tools.js; see `ToolsChoice.chosen`."""
    return part(_CHOSEN, {"tools": "", "mark": ""}, classes="offstage")
