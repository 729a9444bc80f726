"""One HTML page: what of it a reader, or a program, may want."""

import re
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import etree, html

__all__ = ["Page", "ToolError"]

MAX_LINKS = 300
MAX_TABLES = 30
MAX_ROWS = 300
MAX_CELLS = 12_000
MAX_SPAN = 50
MAX_WORDS = 300
SCHEMES = ("http", "https", "mailto")


class ToolError(Exception):
    """The page cannot be had or read; the message says why."""

    is_told = True


class Page:
    """A page of an address; relative links in it are made absolute."""

    def __init__(self, source: str, url: str) -> None:
        self._source = source
        self._url = url
        self._root = _parsed(source)
        base = self._root.find(".//base[@href]")
        self._base = urljoin(url, base.get("href")) if base is not None else url

    def title(self) -> str | None:
        """What it is called, None where it does not say."""
        return self._meta("og:title") or _words(self._root.find(".//title")) or None

    def text(self, *, keep_links: bool) -> str:
        """The main text as Markdown; all text where no main part can be told."""
        import trafilatura  # takes half a second

        found = trafilatura.extract(
            self._source,
            url=self._url,
            output_format="markdown",
            include_comments=False,
            include_links=keep_links,
            include_tables=True,
            favor_recall=True,
        )
        return found or self._all_text()

    def metadata(self) -> dict[str, Any]:
        """Title, description, author, date, language, canonical address, site; None if not told."""
        from trafilatura.metadata import extract_metadata

        document = extract_metadata(self._source, default_url=self._url)
        found: dict[str, Any] = {} if document is None else document.as_dict()
        canonical = self._root.find(".//link[@rel='canonical'][@href]")
        told = {
            "title": found.get("title") or self.title(),
            "description": found.get("description") or self._meta("description"),
            "author": found.get("author") or self._meta("author"),
            "date": found.get("date"),
            "language": self._root.get("lang") or self._meta("og:locale"),
            "canonical": self._absolute(canonical.get("href")) if canonical is not None else None,
            "site": found.get("sitename"),
            "image": found.get("image"),
            "keywords": self._meta("keywords"),
        }
        return {
            key: value[:1000] if isinstance(value, str) else value for key, value in told.items()
        }

    def links(self, notes: list[str]) -> list[dict[str, Any]]:
        """Every address once, in the order of the page, with its words."""
        found: dict[str, str] = {}
        for one in self._root.iterfind(".//a[@href]"):
            address = self._absolute(one.get("href", ""))
            if address is None or address == urldefrag(self._url).url:
                continue
            words = _words(one) or one.get("title") or one.get("aria-label") or ""
            found[address] = found.get(address) or " ".join(words.split())[:MAX_WORDS]
        if len(found) > MAX_LINKS:
            notes.append(f"The first {MAX_LINKS} of {len(found):,} links are told.")
        host = urlsplit(self._url).hostname
        return [
            {"url": address, "text": words, "is_external": urlsplit(address).hostname != host}
            for address, words in list(found.items())[:MAX_LINKS]
        ]

    def tables(self, notes: list[str]) -> list[dict[str, Any]]:
        """Tables with a line of names: `caption`, `columns`, `rows` as records."""
        tables = [one for one in self._root.iter("table") if one.find(".//table") is None]
        told = []
        for one in tables[:MAX_TABLES]:
            grid = _grid(one)
            if len(grid) > 1 and max(map(len, grid)) > 1:
                told.append(_table(one, grid, notes))
        if len(tables) > MAX_TABLES:
            notes.append(f"The first {MAX_TABLES} of {len(tables):,} tables are told.")
        return told

    def _meta(self, name: str) -> str | None:
        for key in ("name", "property"):
            found = self._root.find(f".//meta[@{key}='{name}']")
            if found is not None and (found.get("content") or "").strip():
                return str(found.get("content")).strip()
        return None

    def _absolute(self, link: str | None) -> str | None:
        try:
            address = urldefrag(urljoin(self._base, (link or "").strip())).url
            return address if urlsplit(address).scheme in SCHEMES else None
        except ValueError:
            return None

    def _all_text(self) -> str:
        for one in list(self._root.iter("script", "style", "noscript", "template")):
            one.drop_tree()
        lines = (" ".join(line.split()) for line in self._root.text_content().splitlines())
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _parsed(source: str) -> Any:
    if not source.strip():
        raise ToolError("The page is empty.")
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        root = html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as exc:
        raise ToolError(f"The page cannot be read as HTML: {exc}.") from exc
    return root


def _words(element: Any) -> str:
    return "" if element is None else " ".join(element.text_content().split())


def _grid(table: Any) -> list[list[str]]:
    """Rows of cells; one that spans several places stands in each of them."""
    grid: list[list[str]] = []
    below: dict[tuple[int, int], str] = {}
    cells = 0
    for number, row in enumerate(table.iter("tr")):
        line: list[str] = []
        for one in row.iterchildren("td", "th"):
            while (number, len(line)) in below:
                line.append(below.pop((number, len(line))))
            words = _words(one)[:MAX_WORDS]
            for _ in range(_span(one, "colspan")):
                for further in range(1, _span(one, "rowspan")):
                    below[number + further, len(line)] = words
                line.append(words)
        while (number, len(line)) in below:
            line.append(below.pop((number, len(line))))
        cells += len(line)
        if line:
            grid.append(line)
        if len(grid) > MAX_ROWS or cells > MAX_CELLS:
            break
    return grid


def _span(cell: Any, name: str) -> int:
    text = str(cell.get(name, "1")).strip()
    return min(MAX_SPAN, max(1, int(text))) if text.isdecimal() else 1


def _table(table: Any, grid: list[list[str]], notes: list[str]) -> dict[str, Any]:
    width = max(map(len, grid))
    first = table.find(".//tr")
    has_names = first.find("th") is not None or table.find(".//thead") is not None
    names = grid[0] if has_names else []
    columns = _distinct([*names, *[""] * (width - len(names))])
    body = grid[1:] if has_names else grid
    if len(body) > MAX_ROWS:
        notes.append(f"Of a table, the first {MAX_ROWS} rows are told.")
    rows = [
        dict(zip(columns, [*line, *[""] * (width - len(line))], strict=True))
        for line in body[:MAX_ROWS]
    ]
    caption = _words(table.find("caption")) or None
    return {"caption": caption, "columns": columns, "rows": rows}


def _distinct(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    found = []
    for number, name in enumerate(names, start=1):
        key = name or f"column {number}"
        seen[key] = seen.get(key, 0) + 1
        found.append(key if seen[key] == 1 else f"{key} ({seen[key]})")
    return found
