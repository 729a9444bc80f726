"""Pictures that every browser shows: told by their first bytes, whatever somebody says of them."""

from typing import Final

__all__ = ["PICTURE_HEAD_BYTES", "PICTURE_MIMES", "picture_mime"]

_HEADS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
PICTURE_HEAD_BYTES: Final = 12  # as many tell the type
PICTURE_MIMES: Final = frozenset({*(mime for _, mime in _HEADS), "image/webp"})


def picture_mime(content: bytes) -> str | None:
    """The media type of a PNG, JPEG, GIF or WebP, else None; never of an SVG, which is a program."""
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for head, mime in _HEADS if content.startswith(head)), None)
