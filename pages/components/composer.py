"""The card in which questions are written: text, chips, the settings and the line below."""

from typing import NamedTuple

import gradio as gr

from pages.components.compare import compare_chip, compare_panel
from pages.components.parts import part
from pages.components.project_chip import project_chip
from pages.components.queue import queue_chip, queue_list
from pages.components.temporary import temporary_chip, temporary_line
from pages.components.tools_chip import chosen_tools, tools_chip, tools_panel
from pages.components.web import web_chip

__all__ = ["Composer", "composer"]

_FILES = """\
<div class="files" data-max-bytes="{{value.max_bytes}}">
  <ul aria-label="⟦Goes with the question⟧"></ul>
  <span class="only-sr" role="status"></span>
</div>"""

_ATTACH_CHIP = """\
<button type="button" class="chip i-clip" data-act="attach" aria-label="⟦Attach files⟧"
  title="⟦Attach files⟧"></button>"""

_SETTINGS_CHIP = """\
<button type="button" class="chip i-sliders" data-act="settings" aria-expanded="false"
  aria-controls="chat-settings">⟦Settings⟧</button>"""

_LINE = """\
<div class="ctx">
  <span class="keys">⟦Enter sends, Shift + Enter makes a new line⟧</span>
  <span class="keys ctrl">⟦Ctrl + Enter sends, Enter makes a new line⟧</span>
  <span class="keys-more">⟦/ for prompts, @ for models⟧</span><span class="sp"></span>
  {{#if value.cost}}<span>⟦This chat⟧ {{value.cost}}</span>{{/if}}
  {{#if value.used}}<span>{{value.used}} ⟦context⟧</span>{{/if}}
</div>"""

_NOTE = """\
<details class="note">
  <summary><span class="ic i-info" aria-hidden="true"></span><span class="nt"><b>{{value.name}}</b>
    ⟦is a tiny model to try things with. Expect mistakes.⟧</span><u>⟦Get a better one⟧</u></summary>
  <ul>
    {{#if value.pull}}<li>⟦On this machine, no account:⟧ <code>aiportal models pull {{value.pull}}</code>
      ({{value.pull_size}})⟦, then choose it above.⟧</li>{{/if}}
    <li>⟦With a key: set⟧ <code>OPENAI_API_KEY</code>, <code>ANTHROPIC_API_KEY</code>,
      <code>GEMINI_API_KEY</code> ⟦or⟧ <code>OPENROUTER_API_KEY</code> ⟦in⟧
      <code>.env</code>⟦, then restart.⟧</li>
    <li>⟦With Ollama:⟧ <code>ollama pull llama3.2</code>⟦, then set⟧ <code>enabled</code>
      ⟦to true in⟧ <code>models/ollama/llama3.2.json</code> ⟦of the model config and restart.⟧</li>
  </ul>
</details>"""


class Composer(NamedTuple):
    """The components of the composer, for wiring."""

    text: gr.Textbox
    system_prompt: gr.Textbox
    temperature: gr.Number
    top_p: gr.Number
    max_tokens: gr.Number
    web: gr.HTML
    note: gr.HTML
    queue: gr.HTML
    project: gr.HTML
    tools: gr.HTML
    chosen_tools: gr.HTML
    line: gr.HTML


def composer(*, max_file_bytes: int) -> Composer:
    """The composer at the foot of a chat, above it the note on a tiny model."""
    with gr.Column(elem_classes="composer-wrap", min_width=0):
        note = part(_NOTE, {"name": ""}, visible=False)
        queue = queue_list()
        temporary_line()
        with gr.Column(elem_classes="composer", min_width=0):
            settings = _settings()
            compare_panel()
            tools = tools_panel()
            chosen = chosen_tools()
            part(_FILES, {"max_bytes": max_file_bytes}, classes="files-part")
            text = gr.Textbox(
                placeholder="⟦Ask anything⟧",
                label="⟦Message⟧",
                show_label=False,
                container=False,
                interactive=True,
                lines=1,
                max_lines=10,
                submit_btn=True,
                elem_id="composer-input",
            )
            with gr.Row(elem_classes="chips"):
                part(_ATTACH_CHIP)
                web = web_chip()
                part(_SETTINGS_CHIP)
                tools_chip()
                compare_chip()
                temporary_chip()
                project = project_chip()
                queue_chip()
        line = part(_LINE, {"cost": "", "used": ""})
    return Composer(text, *settings, web, note, queue, project, tools, chosen, line)


def _settings() -> tuple[gr.Textbox, gr.Number, gr.Number, gr.Number]:
    """Empty fields are left to the model. Shown when the chip is pressed."""
    with gr.Column(elem_id="chat-settings", elem_classes="settings", min_width=0):
        system_prompt = gr.Textbox(
            label="⟦System prompt⟧",
            placeholder="⟦How the model is to answer, for the whole chat⟧",
            lines=2,
            max_lines=6,
            interactive=True,
        )
        with gr.Row(elem_classes="fields"):
            temperature = _number("⟦Temperature⟧", minimum=0, maximum=2, step=0.1)
            top_p = _number("⟦Top p⟧", minimum=0, maximum=1, step=0.05)
            max_tokens = _number("⟦Max tokens⟧", minimum=1, step=1, precision=0)
    return system_prompt, temperature, top_p, max_tokens


def _number(
    label: str,
    *,
    minimum: float,
    step: float,
    maximum: float | None = None,
    precision: int | None = None,
) -> gr.Number:
    return gr.Number(
        None,
        label=label,
        placeholder="⟦default⟧",
        minimum=minimum,
        maximum=maximum,
        step=step,
        precision=precision,
        interactive=True,
        min_width=0,
    )
