"""Files of strangers over HTTP."""

from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from aiportal.picture_types import PICTURE_MIMES

__all__ = ["safe_file"]

_SAFE: Final = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "private, max-age=86400, immutable",
}


def safe_file(name: str, mime: str, data: bytes) -> Response:
    """A file of a stranger's: pictures are shown, all else is a download."""
    is_shown = mime in PICTURE_MIMES
    how = "inline" if is_shown else "attachment"
    return Response(
        data,
        media_type=mime if is_shown else "application/octet-stream",
        headers=_SAFE | {"content-disposition": f"{how}; filename*=utf-8''{quote(name)}"},
    )
