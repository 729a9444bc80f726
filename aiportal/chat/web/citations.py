"""Where an answer cites its sources: [1], [2][3], [1, 2], [1-3], and 【1】 as some models write it.

Offsets are in characters, that is Unicode code points, as Python counts them.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiportal.events import SourceFound

__all__ = ["MARKER", "Marker", "annotations_of", "cited_numbers", "markers"]

_NUMBER: Final = r"[1-9][0-9]{0,2}"
_NUMBERS: Final = rf"{_NUMBER}(?: ?[,;–-] ?{_NUMBER}){{0,19}}"
MARKER: Final = re.compile(
    rf"(?<!\\)(?:\[\^?(?P<square>{_NUMBERS})\]|【(?P<lenses>{_NUMBERS})(?:†[^】\n]{{0,80}})?】)"
)
_PART: Final = re.compile(rf"({_NUMBER})(?: ?[–-] ?({_NUMBER}))?")
_FENCE: Final = re.compile(r"[ \t>]*(?:[-*+][ \t]+|[0-9]{1,9}[.)][ \t]+)?(`{3,}|~{3,})(.*)")
_BACKTICKS: Final = re.compile(r"`+")
_BLANK_LINE: Final = re.compile(r"\n[ \t]*\n")
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Marker:
    """text[start:end] cites the sources of these numbers, each of which there is."""

    start: int
    end: int
    numbers: tuple[int, ...]


def markers(text: str, sources: Sequence[SourceFound]) -> list[Marker]:
    """The markers of a text in their order: not those in code, nor of numbers that no source has.

    One that the model made a link, `[1](https://…)`, counts where the link is the source's own.
    """
    if not sources:
        return []
    code = list(_code(text))
    starts = [start for start, _ in code]
    found = []
    for match in MARKER.finditer(text):
        at = bisect_right(starts, match.start()) - 1
        if at >= 0 and match.start() < code[at][1]:
            continue
        numbers = cited_numbers(match, len(sources))
        if numbers and not _is_else(text, match, [sources[one - 1].url for one in numbers]):
            found.append(Marker(match.start(), match.end(), numbers))
    return found


def annotations_of(text: str, sources: Sequence[SourceFound]) -> list[dict[str, Any]]:
    """OpenAI's `url_citation`s. `start_index` and `end_index` enclose the whole marker."""
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": marker.start,
                "end_index": marker.end,
                "title": sources[number - 1].title,
                "url": sources[number - 1].url,
            },
        }
        for marker in markers(text, sources)
        for number in marker.numbers
    ]


def cited_numbers(match: re.Match[str], count: int) -> tuple[int, ...]:
    """What a match of `MARKER` cites of `count` sources, each once."""
    found: dict[int, None] = {}
    for part in _PART.finditer(match["square"] or match["lenses"]):
        first = int(part[1])
        last = int(part[2]) if part[2] else first
        found |= dict.fromkeys(range(first, min(last, count) + 1))
    return tuple(found)


def _is_else(text: str, match: re.Match[str], urls: Sequence[str]) -> bool:
    """Whether it is another link of the model's, or the definition of one."""
    after = text[match.end() : match.end() + 1]
    if after == "(":
        return not any(text.startswith(f"({url})", match.end()) for url in urls)
    line_start = text.rfind("\n", 0, match.start()) + 1
    return after == ":" and not text[line_start : match.start()].strip()


def _code(text: str) -> Iterator[Span]:
    """Blocks of code in fences, and code within lines, in their order."""
    start = 0  # of what is not in a fence
    for fence in _fences(text):
        yield from _inline(text, start, fence[0])
        yield fence
        start = fence[1]
    yield from _inline(text, start, len(text))


def _fences(text: str) -> Iterator[Span]:
    """From the line that opens one to the end of that which closes it, or of the text."""
    opened: tuple[int, str] | None = None
    for line in _LINE.finditer(text):
        match = _FENCE.match(line[0])
        if match is None:
            continue
        run, rest = match[1], match[2]
        if opened is None:
            if not (run[0] == "`" and "`" in rest):
                opened = (line.start(), run)
        elif run[0] == opened[1][0] and len(run) >= len(opened[1]) and not rest.strip():
            yield opened[0], line.end()
            opened = None
    if opened is not None:
        yield opened[0], len(text)


def _inline(text: str, start: int, end: int) -> Iterator[Span]:
    """Between two runs of as many backticks in one paragraph."""
    while start < end:
        blank = _BLANK_LINE.search(text, start, end)
        stop = end if blank is None else blank.start()
        yield from _spans(text, start, stop)
        start = end if blank is None else blank.end()


def _spans(text: str, start: int, end: int) -> Iterator[Span]:
    runs = [match.span() for match in _BACKTICKS.finditer(text, start, end)]
    places: defaultdict[int, list[int]] = defaultdict(list)
    for place, (first, last) in enumerate(runs):
        places[last - first].append(place)
    place = 0
    while place < len(runs):
        first, last = runs[place]
        same = places[last - first]
        closing = bisect_right(same, place)
        if closing == len(same):
            place += 1
            continue
        yield first, runs[same[closing]][1]
        place = same[closing] + 1
