"""The chip that has the web searched before each answer of a chat."""

import gradio as gr

from pages.components.parts import part

__all__ = ["web_chip", "web_value"]

_CHIP = """\
<label class="chip i-web web-chip" title="⟦Search the web before each answer⟧"><input
  type="checkbox" id="web-toggle" {{#if value.on}}checked{{/if}}><span>⟦Web⟧</span></label>"""


def web_chip() -> gr.HTML:
    """The toggle among the composer's chips; web.js keeps it with the chat."""
    return part(_CHIP, web_value(is_on=False), classes="web-chip-part")


def web_value(*, is_on: bool) -> dict[str, bool]:
    """What the chip shows."""
    return {"on": is_on}
