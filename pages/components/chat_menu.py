"""The button for what can be done with the open chat as a whole, and with files of chats."""

import gradio as gr

from pages.components.parts import part

__all__ = ["chat_menu"]

_BUTTON = """\
<button type="button" class="icb i-dots" data-act="chat-menu" aria-haspopup="menu"
  aria-label="⟦Share, export, import⟧" title="⟦Share, export, import⟧"></button>"""


def chat_menu() -> gr.HTML:
    """Opens the menu that in_and_out.js makes: which chat is open, the page's address says."""
    return part(_BUTTON)
