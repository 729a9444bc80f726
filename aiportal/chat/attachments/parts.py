"""Attached files as a model is sent them: images as data, texts in a frame that names the file."""

import base64
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from aiportal.chat.attached import AttachedFile
from aiportal.chat.attachments.shelf import Shelf
from aiportal.errors import NotFound

__all__ = ["Loader", "Part", "part_loader", "without_files"]

Part = dict[str, Any]
Loader = Callable[[AttachedFile], Part]
"""Reads a file from the disk, and gives a part of OpenAI's `content`."""

_UNPLAIN: Final = re.compile(r'[\x00-\x1f\x7f<>"&]+')


def part_loader(
    shelf: Shelf,
    user_id: str,
    hashes: Mapping[str, str],
    *,
    sees: bool,
    left_out: Collection[str] = (),
) -> Loader:
    """hashes: SHA-256 by the id of the attachment, of those that are there. sees: the model can.

    left_out: ids of those that are named in words only.
    """

    def load(file: AttachedFile) -> Part:
        if file.id in left_out:
            return _told(file, "is left out here, since later ones follow")
        sha256 = hashes.get(file.id)
        if sha256 is None:
            return _told(file, "is no longer there")
        if file.kind == "image" and not sees:
            return _told(file, "is a picture, which this model cannot see")
        try:
            if file.kind == "image":
                return _image(file, shelf.data(user_id, sha256))
            return _text(file, shelf.text(user_id, sha256))
        except NotFound:
            return _told(file, "is no longer there")

    return load


def without_files(file: AttachedFile) -> Part:
    """A part that only names the file, where there is nothing to load it with."""
    return _told(file, "is not at hand")


def _image(file: AttachedFile, data: bytes) -> Part:
    encoded = base64.b64encode(data).decode()
    return {"type": "image_url", "image_url": {"url": f"data:{file.media_type};base64,{encoded}"}}


def _text(file: AttachedFile, text: str) -> Part:
    return {"type": "text", "text": f'<file name="{_plain(file.name)}">\n{text}\n</file>'}


def _told(file: AttachedFile, what: str) -> Part:
    return {"type": "text", "text": f'[The attached file "{_plain(file.name)}" {what}.]'}


def _plain(name: str) -> str:
    return _UNPLAIN.sub(" ", name).strip()
