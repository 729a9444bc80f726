"""Colours that can be read, and styles that use only what there is."""

import re
from collections.abc import Mapping
from importlib import resources

import pytest

from pages.icons import PATHS
from pages.static import StaticFiles, asset_text
from pages.theme import DARK, LIGHT, variables_css

MODES = {"light": LIGHT, "dark": DARK}
TEXT_ON_GROUND = [
    (text, ground)
    for text in ("text", "muted", "faint", "accent-ink", "danger", "warn")
    for ground in ("bg", "side", "surface")
] + [
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("accent-ink", "accent-soft"),
    ("text", "hover"),
    ("muted", "sunken"),
    ("text", "danger-soft"),
    ("danger", "danger-soft"),
    ("accent-ink", "danger-soft"),
]
STYLES = "".join(
    asset_text(name) for name in ("portal.css", "chat.css", "in_and_out.css", "sign_in.css")
)
DOCUMENT = resources.files("aiportal.chat").joinpath("document.css").read_text()


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_text_stands_out_from_its_ground(mode: str, text: str, ground: str) -> None:
    tokens: Mapping[str, str] = MODES[mode]

    assert _contrast(tokens[text], tokens[ground]) >= 4.5


def test_both_modes_have_the_same_tokens() -> None:
    assert set(LIGHT) == set(DARK)
    assert all(f"--c-{name}:{value};" in variables_css() for name, value in DARK.items())


def test_styles_name_only_tokens_and_icons_that_there_are() -> None:
    assert set(re.findall(r"var\(--c-([a-z0-9-]+)\)", STYLES)) <= set(LIGHT)
    assert set(re.findall(r"var\(--i-([a-z0-9-]+)\)", STYLES)) <= set(PATHS)


def test_a_document_has_the_colours_of_the_app() -> None:
    blocks = re.findall(r"color-scheme: (light|dark); ([^}]+)", DOCUMENT)
    assert [mode for mode, _ in blocks] == ["light", "dark", "dark", "light"]
    for mode, block in blocks:
        tokens = dict(re.findall(r"--c-([a-z0-9-]+): (#[0-9A-F]{6});", block))
        assert tokens == {name: MODES[mode][name] for name in tokens}
        assert set(re.findall(r"var\(--c-([a-z0-9-]+)\)", DOCUMENT)) <= set(tokens)


def test_styles_and_script_load_nothing() -> None:
    files = StaticFiles.read()

    assert not re.search(rb"@import|url\((?!\"data:image/svg)", files.css)
    assert not re.search(rb"https?://(?!www\.w3\.org)", files.css + files.script)


def test_addresses_change_with_the_content() -> None:
    files = StaticFiles(b"a", b"b", {})

    assert files.css_url != StaticFiles(b"c", b"b", {}).css_url
    assert files.script_url != StaticFiles(b"a", b"c", {}).script_url
    assert files.css_url in files.head()
