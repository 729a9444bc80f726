"""The questions that wait for the end of an answer, above the composer, and the chip that adds one."""

from collections.abc import Sequence
from typing import Any, Final

import gradio as gr

from aiportal.chat import QueuedQuestion
from pages.components.parts import part

__all__ = ["queue_chip", "queue_list", "queue_signals", "queue_value"]

MAX_SHOWN_CHARS: Final = 160

_LIST = """\
{{#if value.questions}}
<section class="queue" aria-label="⟦Waiting questions⟧">
  <p class="qhead" role="status">
    {{#if value.waits}}<span>⟦These questions wait for you.⟧</span>
    <button type="button" class="lnk" data-act="queued-send">⟦Send the first now⟧</button>
    {{else}}<span>⟦Asked when this answer has ended⟧</span>{{/if}}
  </p>
  <ol>
    {{#each value.questions}}
    <li class="qrow{{#if failed}} failed{{/if}}">
      <span class="qt"><b>{{text}}</b>{{#if about}}<span>{{about}}</span>{{/if}}</span>
      <button type="button" class="ib i-pencil" data-act="queued-edit" data-id="{{id}}"
        title="⟦Edit⟧" aria-label="⟦Edit⟧: {{text}}"></button>
      <button type="button" class="ib i-close" data-act="queued-remove" data-id="{{id}}"
        title="⟦Remove⟧" aria-label="⟦Remove⟧: {{text}}"></button>
    </li>
    {{/each}}
  </ol>
</section>
{{/if}}"""

_CHIP = """\
<button type="button" class="chip i-plus queue-chip" data-act="queue">⟦Ask next⟧</button>"""


def queue_list() -> gr.HTML:
    """What waits in the open chat; queued.js takes one back or out to be edited."""
    return part(_LIST, queue_value((), is_running=False), classes="queue-part")


def queue_chip() -> gr.HTML:
    """Puts what is written behind the running answer; seen only while there are both."""
    return part(_CHIP, classes="queue-chip-part")


def queue_signals() -> gr.HTML:
    """Where queued.js reports what is to be done: `submit` asks the first one now, `expand` says that
    the list has changed."""
    return part(
        "<span></span>", classes="offstage", on_load="window.aiportal.connectQueue(trigger)"
    )


def queue_value(questions: Sequence[QueuedQuestion], *, is_running: bool) -> dict[str, Any]:
    """For `queue_list`. is_running: an answer is being written that they wait for."""
    rows = [_row(question) for question in questions]
    held = bool(questions) and questions[0].error is not None
    return {"questions": rows, "waits": held or not is_running}


def _row(question: QueuedQuestion) -> dict[str, Any]:
    files = ", ".join(file.name for file in question.attachments)
    words = " ".join(question.content[: 2 * MAX_SHOWN_CHARS].split())[:MAX_SHOWN_CHARS]
    return {
        "id": question.id,
        "text": words or files,
        "about": question.error or (files if words else ""),
        "failed": question.error is not None,
    }
