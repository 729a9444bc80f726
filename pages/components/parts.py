"""How our own parts become Gradio components."""

from typing import Any

import gradio as gr

__all__ = ["part"]


def part(
    template: str,
    value: object = None,
    *,
    classes: str = "",
    on_load: str | None = None,
    visible: bool = True,
) -> gr.HTML:
    """A `gr.HTML` without Gradio's own looks.

    template: Handlebars with `{{…}}` only, which escapes; `{{{…}}}` and `${…}` would not, and
    are refused with ValueError. value: what the template sees as `value`.
    on_load: JavaScript that runs once, with `element` and `trigger`.
    """
    if "{{{" in template or "${" in template:
        raise ValueError("a template may only hold {{…}}: the other forms do not escape")
    options: dict[str, Any] = {"apply_default_css": False, "padding": False, "container": False}
    return gr.HTML(
        value,
        html_template=template,
        js_on_load=on_load,
        elem_classes=classes,
        visible=visible,
        **options,
    )
