"""What a search found, as a notebook shows it."""

import html

from aiportal.notebook.table import Table
from aiportal.search import Found, SearchResult

__all__ = ["FoundTable"]


class FoundTable(Table[SearchResult]):
    """The results, best first, with what should be known of them.

    provider: those that were heard. note: in words, who did not answer, or that only Wikipedia was
    asked; None where there is nothing to say.
    """

    def __init__(self, found: Found) -> None:
        super().__init__(SearchResult, found.results)
        self.provider = found.provider
        self.note = found.note

    def _repr_html_(self) -> str:
        note = f"<p>{html.escape(self.note)}</p>" if self.note is not None else ""
        return super()._repr_html_() + note
