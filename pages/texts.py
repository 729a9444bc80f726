"""What the web app says, in the reader's language: one catalogue, whose keys are the English texts.

Four ways lead to it, one for each place that a text stands in:

* A static text of the page (a label, a placeholder, the words of a template) is written as `⟦…⟧`,
  between marks. `PageHead` replaces it on its way out: see `translated`.
* What a handler renders asks `say` with the language of the page, which `ListView` carries, or,
  where it is rendered far from there, `worded` of reader.py.
* Scripts ask `t("…")` of portal.js, which has the catalogue as a file of its own: see `script`.
* Gradio's own texts follow `navigator.language`, which portal.js sets before Gradio starts.

Why marks and not `gr.I18n`, tried in Chromium with Gradio 6.31 and a German browser: labels, tabs,
buttons, placeholders and values came out translated, but a template of `gr.HTML`, of which this app
is mostly made, showed `__i18n__{"__type__": …}` as it stood; and it follows the browser alone. A page
is written anew for each view anyway, with its whole configuration in it. Of the 48 ms that a view
took, the 77 marks in its 107 kB took 0.15 ms, the compression 1.2 ms. So one set of components serves
every language, and English costs the same. A catalogue of 160 texts is 3.5 kB compressed, and kept.

No text, English or translated, holds `<`, `>`, `&`, `"`, `\\`, so it may stand in JSON, HTML and
attributes as it is; a test holds that, and that no language lacks a text or a `{placeholder}`.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from http.cookies import CookieError, SimpleCookie
from importlib import resources
from string import Template
from types import MappingProxyType
from typing import Final

__all__ = [
    "LANGUAGES",
    "LANGUAGE_COOKIE",
    "catalogue",
    "chosen_language",
    "direction",
    "html_language",
    "language_of",
    "page_in",
    "say",
    "script",
    "texts",
    "translated",
]

LANGUAGE_COOKIE: Final = "aiportal_language"
"""Remembers the language for the pages before the app, where nobody is signed in yet."""

LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "en": "English",
        "de": "Deutsch",
        "es": "Español",
        "fr": "Français",
        "zh": "简体中文",
        "ar": "العربية",
    }
)
_RIGHT_TO_LEFT: Final = frozenset({"ar"})
_HTML: Mapping[str, str] = MappingProxyType({"zh": "zh-CN"})
_MARK: Final = re.compile("⟦([^⟦⟧]*)⟧")
_MAX_HEADER_CHARS: Final = 500


def say(language: str, text: str, **values: object) -> str:
    """The English `text` in a language, with its `{placeholders}` filled; as it is if it is unknown."""
    said = catalogue(language).get(text, text)
    for name, value in values.items():
        said = said.replace(f"{{{name}}}", str(value))
    return said


def texts(*english: str) -> tuple[str, ...]:
    """Texts for `say` that are not written at the call itself, so that the test finds them."""
    return english


def page_in(page: str, language: str) -> Template:
    """A page of its own in a language, its fields still empty: what callers send is no text of
    ours, and must not be looked at."""
    root = f'<html lang="{html_language(language)}" dir="{direction(language)}">'
    return Template(translated(page, language).replace('<html lang="en">', root, 1))


def translated(page: str, language: str) -> str:
    """The page with each text between marks in a language, without the marks."""
    known = catalogue(language)
    return _MARK.sub(lambda found: known.get(found[1], found[1]), page)


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """English text to text, empty for English itself and for a language that there is not."""
    if language == "en" or language not in LANGUAGES:
        return MappingProxyType({})
    file = resources.files("pages").joinpath("languages", f"{language}.json")
    return MappingProxyType(json.loads(file.read_text(encoding="utf-8")))


@cache
def script(language: str) -> bytes:
    """The catalogue for portal.js, to be loaded before it."""
    content = json.dumps(dict(catalogue(language)), ensure_ascii=False)
    return f"window.aiportalTexts = {content};\n".encode()


def direction(language: str) -> str:
    """`rtl` or `ltr`, for the attribute `dir`."""
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def html_language(language: str) -> str:
    """The tag for the attribute `lang`, by which Gradio and the fonts choose."""
    return _HTML.get(language, language)


def chosen_language(wanted: str | None, headers: Mapping[str, str]) -> str:
    """The language that the user has chosen, else the one of the browser. headers: lower case."""
    return (
        wanted if wanted and wanted in LANGUAGES else _accepted(headers.get("accept-language", ""))
    )


def language_of(headers: Mapping[str, str]) -> str:
    """For a page before the app: the language remembered by cookie, else the browser's."""
    cookie: SimpleCookie = SimpleCookie()
    try:
        cookie.load(headers.get("cookie", ""))
    except CookieError:
        return chosen_language(None, headers)
    found = cookie.get(LANGUAGE_COOKIE)
    return chosen_language(found.value if found else None, headers)


def _accepted(header: str) -> str:
    """The best language that an `Accept-Language` names and that there is; English if none."""
    offers = []
    for place, item in enumerate(header[:_MAX_HEADER_CHARS].split(",")):
        tag, _, parameter = item.strip().partition(";")
        language = tag.partition("-")[0].lower()
        if language in LANGUAGES:
            offers.append((-_quality(parameter), place, language))
    return min(offers)[2] if offers and min(offers)[0] < 0 else "en"


def _quality(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
