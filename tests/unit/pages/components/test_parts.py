"""Parts escape what they show, and use icons that there are."""

import re
from pathlib import Path

import pytest

import pages
from pages.components import part
from pages.icons import PATHS

SOURCES = "".join(
    path.read_text(encoding="utf-8")
    for path in Path(pages.__file__).parent.rglob("*")
    if path.suffix in {".py", ".js"}
)


@pytest.mark.parametrize("template", ["<b>{{{value}}}</b>", "<b>${value}</b>"])
def test_a_template_that_would_not_escape_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="escape"):
        part(template)


def test_every_icon_that_is_named_is_drawn() -> None:
    named = set(re.findall(r"[\"' ]i-([a-z]+)[\"' ]", SOURCES))

    assert len(named) >= 8
    assert named <= set(PATHS)
