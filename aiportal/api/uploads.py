"""One uploaded file of a form, streamed to the disk: what is large is never in memory."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, Final

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from aiportal.api.forms import is_form
from aiportal.errors import InvalidRequest, RequestTooLarge

__all__ = ["Upload", "receive_upload"]

MAX_FIELDS: Final = 5
MAX_FIELD_BYTES: Final = 4_096
OVERHEAD_BYTES: Final = 64 * 1024  # of a form around its file


@dataclass(frozen=True, slots=True)
class Upload:
    """file: to be read in a thread; it is gone when the context is left."""

    name: str
    file: IO[bytes]


@asynccontextmanager
async def receive_upload(request: Request, *, max_bytes: int) -> AsyncIterator[Upload]:
    """The form's `file`. Raises InvalidRequest for what is no such form, RequestTooLarge."""
    if not is_form(request):
        raise InvalidRequest("Send the file in a multipart form, as `file`.", param="file")
    parser = MultiPartParser(
        request.headers,
        _bounded(request.stream(), max_bytes),
        max_files=1,
        max_fields=MAX_FIELDS,
        max_part_size=MAX_FIELD_BYTES,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise InvalidRequest(f"The body is not a form that can be read: {error.message}") from error
    try:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise InvalidRequest("The form holds no file. Send one, as `file`.", param="file")
        yield Upload(upload.filename or "file", upload.file)
    finally:
        await form.close()


async def _bounded(stream: AsyncIterator[bytes], max_bytes: int) -> AsyncGenerator[bytes, None]:
    count = 0
    async for piece in stream:
        count += len(piece)
        if count > max_bytes + OVERHEAD_BYTES:
            raise RequestTooLarge(
                f"The file is larger than {max_bytes:,} bytes. Attach a smaller one.",
                param="file",
                code="file_too_large",
            )
        yield piece
