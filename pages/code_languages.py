"""Languages of code as readers are told them, and how files in them end."""

import html
from dataclasses import dataclass
from functools import cache
from typing import Final

from pygments.lexers import find_lexer_class_by_name
from pygments.util import ClassNotFound

from aiportal.markdown import DIAGRAM_LANGUAGE

__all__ = ["SELF_CONTAINED", "CodeLanguage", "language_of"]

_LEAVES: Final = """
bash c c++ cpp cs csharp css diff go ini java javascript js json kotlin py python r rust sh sql swift
toml ts typescript yaml yml
"""

SELF_CONTAINED: Final = frozenset(_LEAVES.split())
"""As fences name them: their code holds none of another language, unlike that of HTML."""


@dataclass(frozen=True, slots=True)
class CodeLanguage:
    """name: safe HTML. extension: letters, digits and `+-_` alone, without the dot."""

    name: str
    extension: str


_UNKNOWN: Final = CodeLanguage("Text", "txt")
# Where Pygments names another ending first, or calls the language by a longer name than people do.
_OWN: Final = {
    DIAGRAM_LANGUAGE: CodeLanguage("Mermaid", "mmd"),
    "bash": CodeLanguage("Bash", "sh"),
    "console": CodeLanguage("Console", "txt"),
    "html": CodeLanguage("HTML", "html"),
    "markdown": CodeLanguage("Markdown", "md"),
    "md": CodeLanguage("Markdown", "md"),
    "r": CodeLanguage("R", "R"),
    "sh": CodeLanguage("Shell", "sh"),
    "shell": CodeLanguage("Shell", "sh"),
    "text": _UNKNOWN,
    "zsh": CodeLanguage("Shell", "sh"),
}


@cache  # bounded by the names that the sanitiser lets through
def language_of(name: str) -> CodeLanguage:
    """The language that a fence names; plain text where there is none of that name."""
    if name in _OWN:
        return _OWN[name]
    try:
        lexer = find_lexer_class_by_name(name)
    except ClassNotFound:
        return _UNKNOWN
    endings = (pattern.removeprefix("*.") for pattern in lexer.filenames)
    plain = (ending for ending in endings if ending.replace("+", "").isalnum())
    return CodeLanguage(html.escape(lexer.name), next(plain, _UNKNOWN.extension))
