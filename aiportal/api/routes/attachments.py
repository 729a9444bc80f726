"""Attachments: files that go with questions."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import FileResponse, Response

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.api.uploads import receive_upload
from aiportal.chat import Attachment

__all__ = [
    "AttachmentBody",
    "AttachmentDeleted",
    "AttachmentList",
    "AttachmentText",
    "router",
]

router = APIRouter(prefix="/attachments", tags=["attachments"], route_class=PortalRoute)

_FILE: Final[dict[str, Any]] = {"type": "string", "format": "binary"}
_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": _FILE},
                    "required": ["file"],
                }
            }
        },
    }
}
_BYTES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"*/*": {"schema": _FILE}}, "description": "The file."}
}
# Whatever it is, it runs nothing and is nobody's page.
_SAFE: Final = {
    "content-security-policy": "sandbox",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, max-age=600",
}


class AttachmentBody(BaseModel):
    """`kind` says what a model is sent of it: an image, or a text. `tokens` are estimated.

    `size`: bytes of what is kept; of an image that is not what was sent. `characters`: of the text.
    """

    model_config = ConfigDict(from_attributes=True)

    id: str
    object: Literal["attachment"] = "attachment"
    name: str
    kind: Literal["image", "text"]
    media_type: str
    size: int
    sha256: str
    characters: int
    width: int
    height: int
    tokens: int
    created_at: str


class AttachmentList(BaseModel):
    object: Literal["list"] = "list"
    data: list[AttachmentBody]
    has_more: bool


class AttachmentText(BaseModel):
    """`text`: what was read out of the file, empty for an image."""

    id: str
    object: Literal["attachment.text"] = "attachment.text"
    text: str


class AttachmentDeleted(BaseModel):
    id: str
    object: Literal["attachment.deleted"] = "attachment.deleted"
    deleted: Literal[True] = True


@router.post("", status_code=201, openapi_extra=_FORM)
async def add_attachment(
    request: Request, portal: PortalDep, principal: PrincipalDep
) -> AttachmentBody:
    """Upload a file, as `file` in a form, to send it with a question by its id."""
    attachments = portal.attachments
    async with receive_upload(request, max_bytes=attachments.max_bytes) as upload:
        return _body(await attachments.add(principal, name=upload.name, file=upload.file))


@router.get("")
async def list_attachments(
    portal: PortalDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: str | None = None,
) -> AttachmentList:
    """The newest first. `after`: an id to go on from."""
    page = await portal.attachments.list(principal, limit=limit, after=after)
    return AttachmentList(data=[_body(one) for one in page.data], has_more=page.has_more)


@router.get("/{attachment_id}")
async def get_attachment(
    attachment_id: str, portal: PortalDep, principal: PrincipalDep
) -> AttachmentBody:
    """What is known of one."""
    return _body(await portal.attachments.get(principal, attachment_id))


@router.get("/{attachment_id}/content", response_class=Response, responses=_BYTES)
async def get_attachment_content(
    attachment_id: str, portal: PortalDep, principal: PrincipalDep, preview: bool = False
) -> Response:
    """The file. Images are shown, all else is a download. `preview`: of an image a small one."""
    kept = await portal.attachments.content(principal, attachment_id, is_preview=preview)
    return FileResponse(
        kept.path,
        media_type=kept.media_type,
        filename=kept.name,
        content_disposition_type="inline" if kept.is_image else "attachment",
        headers=_SAFE,
    )


@router.get("/{attachment_id}/text")
async def get_attachment_text(
    attachment_id: str, portal: PortalDep, principal: PrincipalDep
) -> AttachmentText:
    """The text that a model is sent of it."""
    text = await portal.attachments.text(principal, attachment_id)
    return AttachmentText(id=attachment_id, text=text)


@router.delete("/{attachment_id}")
async def delete_attachment(
    attachment_id: str, portal: PortalDep, principal: PrincipalDep
) -> AttachmentDeleted:
    """Remove one that no question and no project holds; else it goes with the last of them."""
    await portal.attachments.delete(principal, attachment_id)
    return AttachmentDeleted(id=attachment_id)


def _body(attachment: Attachment) -> AttachmentBody:
    return AttachmentBody.model_validate(attachment)
