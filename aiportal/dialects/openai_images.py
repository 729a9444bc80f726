"""OpenAI's images: the requests for new ones and for changed ones."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from aiportal.dialects.openai_chat import ChatLimits
from aiportal.dialects.operations import FilePart, Operation
from aiportal.dialects.whole_request import WholeBody, WholeRequest, check_lengths, validated
from aiportal.errors import InvalidRequest

__all__ = ["MAX_IMAGES", "ImagesBody", "parse_edit", "parse_edit_form", "parse_generation"]

MAX_IMAGES = 16  # OpenAI's bound, of what goes in
_IMAGE_FIELDS = frozenset({"image", "image[]"})


class ImagesBody(WholeBody):
    """What the portal reads of a request; every other field travels on unchanged."""

    prompt: Annotated[str, StringConstraints(min_length=1)]
    n: Annotated[int, Field(ge=1, le=10)] | None = None
    size: Annotated[str, StringConstraints(max_length=100)] | None = None
    response_format: Annotated[str, StringConstraints(max_length=100)] | None = None
    stream: bool | None = None


def parse_generation(body: object, limits: ChatLimits) -> WholeRequest:
    """Validate a decoded JSON body. Raises InvalidRequest that names the field at fault."""
    return _request("images/generations", *validated(ImagesBody, body), limits)


def parse_edit(body: object, limits: ChatLimits) -> WholeRequest:
    """As `parse_generation`, for a JSON body that holds images, or where they are."""
    asked, fields = validated(ImagesBody, body)
    images = fields.get("images", fields.get("image"))
    if not images:
        raise _no_image("images")
    if isinstance(images, list) and len(images) > MAX_IMAGES:
        raise InvalidRequest(f"At most {MAX_IMAGES} images are taken.", param="images")
    return _request("images/edits", asked, fields, limits)


def parse_edit_form(
    fields: dict[str, Any], files: tuple[FilePart, ...], limits: ChatLimits
) -> WholeRequest:
    """As `parse_generation`, for a multipart form. Its files' number and size are bounded already."""
    asked, _ = validated(ImagesBody, fields, strict=False)
    if not any(part.name in _IMAGE_FIELDS for part in files):
        raise _no_image("image")
    return _request("images/edits", asked, fields, limits, files)


def _request(
    operation: Operation,
    asked: ImagesBody,
    fields: dict[str, Any],
    limits: ChatLimits,
    files: tuple[FilePart, ...] = (),
) -> WholeRequest:
    if asked.stream:
        raise InvalidRequest(
            "Images are not streamed: a model's answer comes whole. Leave `stream` out.",
            param="stream",
        )
    chars = check_lengths([asked.prompt], limits.max_content_chars, param="prompt")
    return WholeRequest(operation, asked.model, fields, chars, files)


def _no_image(param: str) -> InvalidRequest:
    return InvalidRequest(f"There is no image to change. Send one as `{param}`.", param=param)
