"""The chip that has several models answer at once, its panel, and clicks in the columns."""

import gradio as gr

from pages.components.parts import part

__all__ = ["compare_chip", "compare_panel", "comparing_signals"]

_CHIP = """\
<label class="chip i-columns cmp-chip"><input type="checkbox" id="compare-toggle"
  aria-controls="compare-panel">⟦Compare⟧</label>"""

_PANEL = """\
<fieldset class="cmp-panel" id="compare-panel" hidden>
  <legend class="only-sr">⟦Compare models⟧</legend>
  <div class="cmp-modes">
    <label><input type="radio" name="compare-mode" value="chosen" checked> ⟦Side by side⟧</label>
    <label><input type="radio" name="compare-mode" value="blind"> ⟦Blind: two models at random⟧</label>
    <a class="lnk" href="/arena" target="_blank">⟦Results of blind battles⟧</a>
  </div>
  <div class="cmp-models" role="group" aria-label="⟦Models to compare⟧"></div>
  <p class="cmp-hint" role="status"></p>
</fieldset>"""


def compare_chip() -> gr.HTML:
    """The toggle among the composer's chips; comparing.js knows whether it is on."""
    return part(_CHIP)


def compare_panel() -> gr.HTML:
    """What is compared; comparing.js fills in the models that the picker has."""
    return part(_PANEL, classes="cmp-panel-part")


def comparing_signals() -> gr.HTML:
    """Where comparing.js reports what is to be done.

    `submit` asks several, with `text` and `models`; `select` goes on with the answer `id`, `clear`
    stops the turn `id`. `input` starts a blind battle with `text`, `apply` votes on the battle `id`
    with `outcome`, `expand` shows the battle `id` again after a reload.
    """
    return part(
        "<span></span>", classes="offstage", on_load="window.aiportal.connectComparing(trigger)"
    )
