"""Components without looks: values that the browser carries, and clicks on its way to Python."""

import gradio as gr

from pages.components.parts import part

__all__ = ["carrier", "signals"]


def carrier(label: str) -> gr.Textbox:
    """A value that the browser keeps and sends along, such as the open chat's id.

    It lives in the page and not in `gr.State`, so that it survives a restart of the server. A
    caller can send anything in it: whoever reads it checks what it names against the principal.
    """
    return gr.Textbox("", label=label, visible=False)


def signals() -> gr.HTML:
    """Where portal.js reports clicks that Python handles.

    `select` opens a row, `retry` answers again, `edit` renames; each carries `id`, `edit` also
    `title`.
    """
    return part("<span></span>", classes="offstage", on_load="window.aiportal.connect(trigger)")
