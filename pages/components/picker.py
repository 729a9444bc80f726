"""The model picker: a native select, which phones and keyboards know how to handle."""

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from aiportal.registry import Model
from pages.components.parts import part
from pages.reader import worded

__all__ = ["model_picker", "picked_model", "picker_value"]

_PICKER = """\
<div class="picker">
  <select aria-label="⟦Model⟧">
    {{#each value.groups}}
    <optgroup label="{{this.name}}">
      {{#each this.options}}
      <option value="{{this.id}}" {{#if this.selected}}selected{{/if}}>{{this.label}}</option>
      {{/each}}
    </optgroup>
    {{/each}}
  </select>
</div>"""
_ON_LOAD = "window.aiportal.picker(element, props, trigger)"


def model_picker() -> gr.HTML:
    """Empty until filled with `picker_value`. Its `input` event is a choice by the user."""
    return part(_PICKER, {"groups": [], "picked": ""}, on_load=_ON_LOAD)


def picker_value(models: Sequence[Model], picked: str) -> dict[str, Any]:
    """What the picker shows: models by provider in the order given, `picked` selected.

    A `picked` that is not among them, because it cannot serve any more, is listed all the same.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    if picked and all(model.id != picked for model in models):
        groups[worded("not available")] = [{"id": picked, "label": picked, "selected": True}]
    for model in models:
        option = {"id": model.id, "label": model.name, "selected": model.id == picked}
        groups.setdefault(model.provider, []).append(option)
    listed = [{"name": name, "options": options} for name, options in groups.items()]
    return {"groups": listed, "picked": picked}


def picked_model(value: object) -> str:
    """The id that the browser sent, "" where it sent something else."""
    picked = value.get("picked") if isinstance(value, Mapping) else None
    return picked if isinstance(picked, str) else ""
