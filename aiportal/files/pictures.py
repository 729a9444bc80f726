"""Pictures: decoded, turned upright, made smaller, and written anew, so that only pixels are kept.

What a camera notes beside them (place, time, device) and what a file may hide behind them is gone.
"""

import io
import warnings
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from aiportal.files.facts import CONTENT, PREVIEW, FileFacts, FileRefused

__all__ = ["MAX_PIXELS", "read_picture"]

MAX_PIXELS: Final = 60_000_000
"""Of a file; 50 megapixels are what phones make."""

MAX_SIDE: Final = 2048  # models see no more than that
PREVIEW_SIDE: Final = 320
MAX_PNG_BYTES: Final = 3_000_000  # larger ones become JPEG, or smaller
QUALITY: Final = 88
_DECODERS: Final = ("PNG", "JPEG", "GIF", "WEBP")


def read_picture(source: Path, folder: Path) -> FileFacts:
    """Keep a picture and a small one. Raises FileRefused for one that is broken or too large."""
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # the hard bound is twice that; ours is below
    try:
        with Image.open(source, formats=_DECODERS) as picture:
            _check_size(*picture.size)
            is_jpeg = picture.format == "JPEG"
            if is_jpeg:
                picture.draft("RGB", (MAX_SIDE * 2, MAX_SIDE * 2))
            upright = _upright(picture)
    except Image.DecompressionBombError as error:
        raise FileRefused(_too_large("far more")) from error
    except UnidentifiedImageError as error:
        raise FileRefused("is damaged: its picture cannot be read.") from error
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError, TypeError) as error:
        raise FileRefused("is damaged: its picture breaks off or makes no sense.") from error
    upright.thumbnail((MAX_SIDE, MAX_SIDE))
    content, media_type = _encoded(upright, is_photo=is_jpeg)
    (folder / CONTENT).write_bytes(content)
    width, height = upright.size
    upright.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    (folder / PREVIEW).write_bytes(_png(upright) if upright.mode == "RGBA" else _jpeg(upright))
    return FileFacts("image", media_type, width=width, height=height)


def _upright(picture: Image.Image) -> Image.Image:
    """The first frame, in RGB or RGBA, as it is to be looked at."""
    has_alpha = "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA")
    turned = ImageOps.exif_transpose(picture)
    return turned.convert("RGBA" if has_alpha else "RGB")


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise FileRefused(_too_large(f"{width:,} × {height:,}"))
    if width < 1 or height < 1:
        raise FileRefused("has no pixels.")


def _too_large(pixels: str) -> str:
    return (
        f"has {pixels} pixels; at most {MAX_PIXELS // 1_000_000} million are taken. "
        "Make it smaller, then attach it."
    )


def _encoded(picture: Image.Image, *, is_photo: bool) -> tuple[bytes, str]:
    """PNG for drawings and what is see-through, JPEG for photos and what would be large.

    What is see-through and large is made smaller, in place, until it is not.
    """
    if is_photo:
        return _jpeg(picture), "image/jpeg"
    content = _png(picture)
    while len(content) > MAX_PNG_BYTES:
        if picture.mode != "RGBA":
            return _jpeg(picture), "image/jpeg"
        picture.thumbnail((max(picture.size) * 3 // 4,) * 2)
        content = _png(picture)
    return content, "image/png"


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
