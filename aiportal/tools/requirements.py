"""The `requirements.txt` of a tool: names of distributions and their versions, and nothing else.

An installer would also take options, addresses and paths, and run what it finds there as the portal.
"""

import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement

__all__ = ["wrong_lines"]

_COMMENT = re.compile(r"(^|\s+)#.*$")
_FILES = (".whl", ".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz", ".xz", ".txz", ".lzma", ".tlz")


def wrong_lines(text: str) -> Iterator[tuple[int, str]]:
    """The number of each line that is not taken, from 1, and why."""
    for number, line in enumerate(text.splitlines(), start=1):
        content = _COMMENT.sub("", line).strip()
        if content and (words := _wrong(content)):
            yield number, words


def _wrong(line: str) -> str:
    if line.startswith("-"):
        return "is an option; only names of packages with their versions are taken"
    try:
        found = Requirement(line)
    except InvalidRequirement:
        return "is no package with its versions, such as `idna>=3.4`"
    if found.url is not None or found.name.lower().endswith(_FILES):
        return "is an address or a file; only packages of the index are taken"
    return ""
