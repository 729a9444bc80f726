"""How multipart forms are read: bounded, and into memory, so that no file is left anywhere."""

import re
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from aiportal.dialects.openai_chat import ChatLimits
from aiportal.dialects.operations import FilePart
from aiportal.errors import InvalidRequest

__all__ = ["Form", "is_form", "read_form"]

MAX_FIELDS = 100
BYTES_PER_CHAR = 4  # UTF-8's longest
_CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?:; ?[\w.+-]+=[\w.+-]+)*", re.ASCII)
_CHARSETS = frozenset({"", "utf-8", "us-ascii"})  # others can take long, or hold what is no text
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Form:
    """fields: each a text, or a list of them where it came several times."""

    fields: dict[str, Any]
    files: tuple[FilePart, ...]


def is_form(request: Request) -> bool:
    """Whether the body is said to be a multipart form."""
    content_type = request.headers.get("content-type", "")
    return content_type.partition(";")[0].strip().lower() == "multipart/form-data"


def _charset(request: Request) -> str:
    _, options = parse_options_header(request.headers.get("content-type", ""))
    return str(options.get(b"charset", b""), "latin-1").lower()


async def read_form(request: Request, limits: ChatLimits, *, max_files: int) -> Form:
    """Raises InvalidRequest for what is no form or has too many parts, RequestTooLarge."""
    if _charset(request) not in _CHARSETS:
        raise InvalidRequest("The body is not a form that can be read: send it in UTF-8.")
    parser = _Parser(
        request.headers,
        request.stream(),
        max_files=max_files,
        max_fields=MAX_FIELDS,
        max_part_size=limits.max_content_chars * BYTES_PER_CHAR,
    )
    parser.spool_max_size = limits.max_body_bytes + 1  # never to a file
    try:
        items = await parser.parse()
        if not parser.is_complete:
            raise InvalidRequest("The body is not a form that can be read: its end is missing.")
        return await _form(items)
    except MultiPartException as error:
        raise InvalidRequest(f"The body is not a form that can be read: {error.message}") from error
    finally:
        parser.close()


class _Parser(MultiPartParser):
    """Notices the form's end, and closes also what never came to it."""

    is_complete = False

    def on_end(self) -> None:
        self.is_complete = True

    def close(self) -> None:
        for file in self._files_to_close_on_error:
            file.close()


async def _form(items: FormData) -> Form:
    fields: dict[str, Any] = {}
    files = []
    for name, value in items.multi_items():
        if not name or _CONTROLS.search(name):
            raise InvalidRequest("A field of the form has no name that can be read.")
        if isinstance(value, UploadFile):
            files.append(await _file(name, value))
        elif name in fields:
            before = fields[name]
            fields[name] = [*(before if isinstance(before, list) else [before]), value]
        else:
            fields[name] = value
    return Form(fields, tuple(files))


async def _file(name: str, upload: UploadFile) -> FilePart:
    """Its name and type without what could break out of a header."""
    content_type = upload.content_type or ""
    if _CONTENT_TYPE.fullmatch(content_type) is None:
        content_type = "application/octet-stream"
    filename = _CONTROLS.sub("", upload.filename or "") or "file"
    return FilePart(name, filename, content_type, await upload.read())
