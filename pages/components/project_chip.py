"""The chip below a question that says which files of its project go with it."""

from typing import Final

import gradio as gr

from pages.components.parts import part

__all__ = ["NO_PROJECT_FILES", "project_chip"]

NO_PROJECT_FILES: Final = {"id": "", "words": ""}

_CHIP: Final = """\
{{#if value.words}}<button type="button" class="chip i-folder project-chip"
  data-act="project-files" data-id="{{value.id}}" title="{{value.words}}"><span
  >{{value.words}}</span></button>{{/if}}"""


def project_chip() -> gr.HTML:
    """Seen where there are any; opens the project's settings."""
    return part(_CHIP, NO_PROJECT_FILES, classes="project-chip-part")
