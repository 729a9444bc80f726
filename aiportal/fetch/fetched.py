"""What came of a fetch."""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Fetched"]

_SNIFFED_BYTES = 1_024
_META = re.compile(
    rb"<(?:meta\b[^>]*charset|\?xml\b[^>]*encoding)\s*=\s*[\"']?\s*([\w-]{1,40})", re.I
)
# Python has codecs that are no charset of the web, some of which take quadratic time.
_CHARSET = re.compile(
    r"utf-?(?:8|16|16-?le|16-?be)|(?:us-)?ascii|iso-?8859-?\d{1,2}|latin-?1|(?:windows-|cp)?125\d"
    r"|windows-(?:31j|874|949)|shift[_-]?jis|sjis|euc-?(?:jp|kr)|iso-2022-jp|gb(?:k|2312|18030)"
    r"|big5(?:-hkscs)?|koi8-?[ru]|mac-?(?:roman|cyrillic)|macintosh|tis-620"
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """The last answer, after all redirects. It is data from a stranger.

    url: where it came from. mime: in lower case, without parameters; empty where none was told.
    charset: as told by the header. headers: some of them, by name in lower case.
    data: decompressed. is_truncated: there was more of it, or it broke off.
    """

    url: str
    status: int
    mime: str
    charset: str | None
    headers: Mapping[str, str]
    data: bytes
    is_truncated: bool

    @property
    def text(self) -> str:
        """The data as text, by its byte order mark, the header, or what an HTML or XML page says of
        itself; else as UTF-8. Bytes that do not fit become U+FFFD."""
        for mark, name in _MARKS:
            if self.data.startswith(mark):
                return self.data.decode(name, "replace")
        return self.data.decode(_codec(self.charset) or self._told() or "utf-8", "replace")

    def _told(self) -> str | None:
        found = _META.search(self.data[:_SNIFFED_BYTES])
        name = _codec(found[1].decode("ascii", "replace")) if found is not None else None
        # A page that can be read so far is not in UTF-16, whatever it says.
        return "utf-8" if name is not None and name.startswith("utf") else name


def _codec(charset: str | None) -> str | None:
    """Python's name for a charset of the web, None for any other."""
    name = (charset or "").strip().lower()
    if not _CHARSET.fullmatch(name):
        return None
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None
