"""Several rankings of the same web as one."""

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiportal.search.results import SearchResult

__all__ = ["fuse", "page_key"]

K = 60
_DEFAULT_PORTS = {"http": 80, "https": 443}
_TRACKING = re.compile(r"utm_\w+|gclid|dclid|fbclid|msclkid|yclid|igshid|mc_[ce]id|ref_src|_hs\w+")


def fuse(rankings: Sequence[Sequence[SearchResult]], max_results: int) -> tuple[SearchResult, ...]:
    """Reciprocal rank fusion: a page counts 1/(60 + rank) for each ranking that it stands in.

    G. V. Cormack, C. L. A. Clarke, S. Büttcher: "Reciprocal Rank Fusion outperforms Condorcet and
    individual Rank Learning Methods", SIGIR 2009, with their k = 60. The same page in two rankings is
    one result, with the longer snippet; among equals the earlier ranking comes first.
    """
    scores: dict[str, float] = {}
    pages: dict[str, SearchResult] = {}
    for ranking in rankings:
        seen: set[str] = set()
        for result in ranking:
            key = page_key(result.url)
            if key in seen:
                continue
            seen.add(key)
            scores[key] = scores.get(key, 0.0) + 1 / (K + len(seen))
            pages[key] = _joined(pages[key], result) if key in pages else result
    best = sorted(scores, key=lambda key: -scores[key])  # stable
    return tuple(pages[key] for key in best[:max_results])


def page_key(url: str) -> str:
    """What two addresses have in common that most probably are the same page's.

    Neither scheme, `www.`, the usual port, a slash at the end, a fragment nor marks of tracking count.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.").rstrip(".")
    try:
        port = parts.port
    except ValueError:
        return url
    place = host if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{port}"
    query = [
        pair
        for pair in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(pair[0].lower())
    ]
    return f"{place}{parts.path.rstrip('/')}?{urlencode(sorted(query))}"


def _joined(one: SearchResult, other: SearchResult) -> SearchResult:
    return replace(
        one,
        snippet=max(one.snippet, other.snippet, key=len),
        published=one.published or other.published,
        source=f"{one.source},{other.source}",
    )
