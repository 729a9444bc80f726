"""`aiportal generate …`: files to begin with."""

import json
import shlex
from typing import Any

import click

from aiportal.cli.output import json_option, say
from aiportal.cli.running import load_settings, run
from aiportal.tools import TEMPLATES, ToolSource, ToolTemplate
from aiportal.tools.folders import tools_folder

__all__ = ["generate"]

BY_ID = {template.id: template for template in TEMPLATES}


@click.group()
def generate() -> None:
    """Write the beginning of something of your own."""


@generate.command()
@click.argument("name")
@click.option(
    "--template",
    type=click.Choice(list(BY_ID)),
    default=TEMPLATES[0].id,
    show_default=True,
    help="What it begins as: facts about a text, a table and a file, a page of the web.",
)
@json_option
def tool(name: str, template: str, *, as_json: bool) -> None:
    """Write the tool NAME, a folder with a config and a program that runs as it stands."""
    begun = BY_ID[template]
    draft = ToolSource(begun.config_of(name), begun.controller, {})
    run(lambda portal, operator: portal.tools.create(operator, draft))
    folder = tools_folder(load_settings()) / name
    sentence = f"Wrote {folder}. What to do next:\n{_next_steps(name, begun)}"
    say(sentence, {"id": name, "folder": str(folder)}, as_json=as_json)


def _next_steps(name: str, template: ToolTemplate) -> str:
    example: dict[str, Any] = template.config["examples"][0]["parameters"]
    arguments = shlex.quote(json.dumps(example))
    steps = (
        f"try it: aiportal tools run {name} {arguments}",
        "say in config.json what it takes and whom it serves, write in controller.py what it does",
        "check it: aiportal tools validate",
    )
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
