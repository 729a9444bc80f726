"""What a file is, told by what it begins with; its name only says what it should be."""

from pathlib import PurePath
from types import MappingProxyType
from typing import Final, Literal

from aiportal.files.facts import FileRefused
from aiportal.picture_types import picture_mime

__all__ = ["FORMATS", "Found", "kind_of", "text_type"]

Found = Literal["image", "pdf", "docx", "text"]
FORMATS: Final = (
    "images (PNG, JPEG, WebP, GIF), PDF, DOCX and texts such as TXT, MD, CSV, JSON or code"
)
HEAD_BYTES: Final = 1024

_ARCHIVES: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_PROMISES: Final = MappingProxyType(
    {
        ".png": "image",
        ".jpg": "image",
        ".jpeg": "image",
        ".webp": "image",
        ".gif": "image",
        ".pdf": "pdf",
        ".docx": "docx",
    }
)
_OTHERS: Final = MappingProxyType(
    {
        ".doc": "Save it as DOCX or PDF",
        ".odt": "Save it as DOCX or PDF",
        ".rtf": "Save it as DOCX or PDF",
        ".pages": "Save it as DOCX or PDF",
        ".xls": "Save its sheet as CSV",
        ".xlsx": "Save its sheet as CSV",
        ".ods": "Save its sheet as CSV",
        ".ppt": "Save it as PDF",
        ".pptx": "Save it as PDF",
        ".heic": "Save it as JPEG",
        ".heif": "Save it as JPEG",
        ".avif": "Save it as JPEG or PNG",
        ".tif": "Save it as PNG",
        ".tiff": "Save it as PNG",
        ".bmp": "Save it as PNG",
    }
)
_TEXT_TYPES: Final = MappingProxyType(
    {".csv": "text/csv", ".json": "application/json", ".md": "text/markdown"}
)


def kind_of(head: bytes, name: str) -> Found:
    """head: the file's first 1,024 bytes. Raises FileRefused for what cannot be read here."""
    suffix = PurePath(name).suffix.lower()
    if suffix in _OTHERS:
        raise FileRefused(f"has a format that cannot be read here. {_OTHERS[suffix]}.")
    found = _by_content(head)
    promised = _PROMISES.get(suffix, found)
    if found != promised:
        raise FileRefused(
            f"is not what its name says: it holds no {suffix[1:].upper()}. "
            "It is damaged, or something else was given this name."
        )
    if found == "docx" and suffix != ".docx":
        raise FileRefused(f"is an archive. Unpack it; what can be attached: {FORMATS}.")
    return found


def text_type(name: str) -> str:
    """The media type of a text by its name."""
    return _TEXT_TYPES.get(PurePath(name).suffix.lower(), "text/plain")


def _by_content(head: bytes) -> Found:
    if picture_mime(head) is not None:
        return "image"
    if b"%PDF-" in head:
        return "pdf"
    if head.startswith(_ARCHIVES):
        return "docx"
    return "text"
