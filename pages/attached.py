"""The files of a question, as the chat shows them above it."""

from collections.abc import Sequence

from aiportal.chat import AttachedFile
from pages.footers import escaped
from pages.reader import figure, worded

__all__ = ["attached_html"]


def attached_html(files: Sequence[AttachedFile]) -> str:
    """Links to the files, images as small pictures; "" for none."""
    items = "".join(map(_item, files))
    return f'<div class="qfiles">{items}</div>' if items else ""


def _item(file: AttachedFile) -> str:
    address, name = f"/api/v1/attachments/{escaped(file.id)}/content", escaped(file.name)
    if file.kind == "image":
        picture = f'<img src="{address}?preview=true" alt="{name}" title="{name}">'
        return f'<a class="qimg" href="{address}" target="_blank">{picture}</a>'
    count = figure(file.tokens)
    words = worded("1 token") if file.tokens == 1 else worded("{count} tokens", count=count)
    about = f"<span>{words}</span>"
    return (
        f'<a class="qfile i-file" href="{address}" target="_blank" title="{name}">'
        f"<b>{name}</b>{about}</a>"
    )
