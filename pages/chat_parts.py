"""The chat tab's components, laid out; what they do is wired in chat.py."""

from dataclasses import dataclass

import gradio as gr

from pages.components import (
    Composer,
    SideColumn,
    Starter,
    carrier,
    chat_menu,
    comparing_signals,
    composer,
    empty_state,
    live_signals,
    message_signals,
    mode_button,
    model_picker,
    queue_signals,
    sending_signals,
    side_column,
    signals,
    temporary_signals,
    title_bar,
)

__all__ = ["ChatParts", "chat_parts"]

_STARTERS = (
    Starter(
        "⟦Explain something⟧",
        "⟦In plain words, at the level you name⟧",
        "⟦Explain how a heat pump works to a curious twelve-year-old, in five sentences.⟧",
    ),
    Starter(
        "⟦Rewrite a text⟧",
        "⟦Shorter, friendlier, in another language⟧",
        "⟦Rewrite this so that it is polite and half as long: We have asked three times now and "
        "still nobody has told us when the delivery will finally come.⟧",
    ),
    Starter(
        "⟦Write code⟧",
        "⟦With tests, in the language you name⟧",
        "⟦Write a Python function that checks the checksum of an IBAN, with three tests.⟧",
    ),
    Starter(
        "⟦Weigh options⟧",
        "⟦A table first, then a recommendation⟧",
        "⟦Compare SQLite and PostgreSQL for the web app of a team of ten: a table of five points, "
        "then a recommendation.⟧",
    ),
)


@dataclass(frozen=True)
class ChatParts:
    """chat_id: the open chat, "" for a new one. leaf: the last message of the branch that is
    shown. shown: how many of its messages are. turn, comparison, battle: what is being
    written, one of them. clock: the reader's minutes east of UTC. taken: what went with the last
    question beside its words. All live in the page."""

    chat_id: gr.Textbox
    leaf: gr.Textbox
    shown: gr.Textbox
    turn: gr.Textbox
    comparison: gr.Textbox
    battle: gr.Textbox
    taken: gr.Textbox
    clock: gr.Textbox
    signals: gr.HTML
    live: gr.HTML
    messages: gr.HTML
    comparing: gr.HTML
    queued: gr.HTML
    sending: gr.HTML
    temporary: gr.HTML
    side: SideColumn
    title: gr.HTML
    picker: gr.HTML
    log: gr.Chatbot
    empty: gr.HTML
    composer: Composer


def chat_parts(*, max_file_bytes: int) -> ChatParts:
    """Lay the tab out within the current Blocks context. max_file_bytes: of an attachment."""
    chat_id, leaf, shown = carrier("Chat"), carrier("Leaf"), carrier("Shown")
    turn, clock, taken = carrier("Turn"), carrier("Clock"), carrier("Taken")
    comparison, battle = carrier("Comparison"), carrier("Battle")
    signal, messages, comparing = signals(), message_signals(), comparing_signals()
    queued, temporary = queue_signals(), temporary_signals()
    sending = sending_signals()
    side = side_column(label="⟦Chats⟧", new="⟦New chat⟧", search="⟦Search chats⟧")
    with gr.Column(elem_classes="main chat", min_width=0):
        with gr.Row(elem_classes="bar"):
            title = title_bar("")
            picker = model_picker()
            chat_menu()
            mode_button()
        empty = empty_state(
            icon="chat",
            heading="⟦What are you working on?⟧",
            text="⟦Ask anything, or start from an example.⟧",
            starters=_STARTERS,
        )
        log = gr.Chatbot(
            elem_id="chat-log",
            label="⟦Chat⟧",
            show_label=False,
            container=False,
            layout="panel",
            height="100%",
            buttons=[],
            feedback_options=None,
            latex_delimiters=[],
            line_breaks=False,
            sanitize_html=True,
            allow_tags=False,
            group_consecutive_messages=True,
        )
        written = composer(max_file_bytes=max_file_bytes)
    return ChatParts(
        chat_id=chat_id,
        leaf=leaf,
        shown=shown,
        turn=turn,
        comparison=comparison,
        battle=battle,
        taken=taken,
        clock=clock,
        signals=signal,
        live=live_signals(),
        messages=messages,
        comparing=comparing,
        queued=queued,
        sending=sending,
        temporary=temporary,
        side=side,
        title=title,
        picker=picker,
        log=log,
        empty=empty,
        composer=written,
    )
