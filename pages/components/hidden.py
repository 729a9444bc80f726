"""Components without looks: values that the browser carries, and clicks on its way to Python."""

import gradio as gr

from pages.components.parts import part

__all__ = ["carrier", "live_signals", "message_signals", "sending_signals", "signals"]


def carrier(label: str) -> gr.Textbox:
    """A value that the browser keeps and sends along, such as the open chat's id.

    It lives in the page and not in `gr.State`, so that it survives a restart of the server. A
    caller can send anything in it: whoever reads it checks what it names against the principal.
    """
    return gr.Textbox("", label=label, visible=False)


def signals() -> gr.HTML:
    """Where portal.js reports clicks that Python handles.

    `select` opens a row, `edit` renames, `delete` removes; each carries `id`, `edit` also `title`.
    """
    return part("<span></span>", classes="offstage", on_load="window.aiportal.connect(trigger)")


def sending_signals() -> gr.HTML:
    """Where sending.js hands over a question: `input` with its `text`, and as `composed` what goes
    with it."""
    return part(
        "<span></span>",
        classes="offstage sending-signals",
        on_load="window.aiportal.connectSending(trigger)",
    )


def live_signals() -> gr.HTML:
    """Where live.js reports that what it has drawn is at its end.

    `select` of the turn `id`, `input` of a comparison, `apply` of a battle, `submit` of an answer
    in a temporary chat.
    """
    return part(
        "<span></span>",
        classes="offstage live-signals",
        on_load="window.aiportal.connectLive(trigger)",
    )


def message_signals() -> gr.HTML:
    """Where messages.js reports what is to be done with a message of the chat.

    `option_select` goes to another version, `retry` answers a question again, `submit` asks it
    anew in other words, `apply` changes a text where it stands, `play` has an answer written on,
    `copy` forks the chat, `clear` deletes from here on; each carries `id`, `retry` perhaps
    `model`, `submit` and `apply` also `text`. `expand` shows earlier messages.
    """
    return part(
        "<span></span>", classes="offstage", on_load="window.aiportal.connectMessages(trigger)"
    )
