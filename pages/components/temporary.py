"""The chip that has a new chat not stored, and the line that says so."""

import gradio as gr

from pages.components.parts import part

__all__ = ["temporary_chip", "temporary_line", "temporary_signals"]

_CHIP = """\
<label class="chip i-temporary temp-chip" title="⟦A chat that is not stored⟧"><input
  type="checkbox" id="temporary-toggle" aria-describedby="temporary-line"><span>⟦Temporary⟧</span>
</label>"""

_LINE = """\
<div class="temp-line">
  <span class="ic i-temporary" aria-hidden="true"></span>
  <p id="temporary-line">⟦This chat is not stored.⟧
    <span>⟦It is gone an hour after its last use, and when the portal restarts.⟧</span></p>
  <button type="button" class="btn" data-act="keep-chat">⟦Keep this chat⟧</button>
</div>"""


def temporary_chip() -> gr.HTML:
    """The toggle among the composer's chips; temporary.js shows it in a new chat alone."""
    return part(_CHIP, classes="temp-chip-part")


def temporary_line() -> gr.HTML:
    """Above the composer; temporary.js shows it while what is asked is not stored."""
    return part(_LINE, classes="temp-line-part")


def temporary_signals() -> gr.HTML:
    """Where temporary.js reports what is to be done with the open chat: `submit` keeps it, `retry`
    answers its last question again."""
    return part(
        "<span></span>", classes="offstage", on_load="window.aiportal.connectTemporary(trigger)"
    )
