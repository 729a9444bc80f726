"""Bringing conversations in from a file."""

from typing import Any, Final, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.forms import is_form, read_form
from aiportal.api.requests import PortalRoute
from aiportal.errors import InvalidRequest
from aiportal.portal import Portal

__all__ = ["ImportBody", "ImportedBody", "SkippedBody", "router"]

router = APIRouter(tags=["conversations"], route_class=PortalRoute)

_FILE: Final[dict[str, Any]] = {"type": "string", "format": "binary"}
_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"file": _FILE},
    "required": ["file"],
}
_DOCUMENTATION: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"oneOf": [{"type": "array"}, {"type": "object"}]}},
            "application/zip": {"schema": _FILE},
            "multipart/form-data": {"schema": _FORM},
        },
    }
}


class ImportedBody(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    title: str


class SkippedBody(BaseModel):
    """`code` is `already_there` where nothing is wrong: the caller has this conversation."""

    model_config = ConfigDict(from_attributes=True)

    title: str
    reason: str
    code: Literal["already_there", "invalid"]


class ImportBody(BaseModel):
    """`imported`, `already_there`, `refused`: how many; of each list the first 1,000 are named."""

    model_config = ConfigDict(from_attributes=True)

    object: Literal["import"] = "import"
    imported: int
    already_there: int
    refused: int
    conversations: list[ImportedBody]
    skipped: list[SkippedBody]


@router.post("/conversations/import", openapi_extra=_DOCUMENTATION)
async def import_conversations(
    request: Request, portal: PortalDep, principal: PrincipalDep
) -> ImportBody:
    """Conversations of a file: this portal's, ChatGPT's or Open WebUI's, JSON or ZIP, or a form."""
    report = await portal.imports.run(principal, await _file(portal, request))
    return ImportBody.model_validate(report)


async def _file(portal: Portal, request: Request) -> bytes:
    if not is_form(request):
        return await request.body()
    form = await read_form(request, portal.registry.limits, max_files=1)
    if not form.files:
        raise InvalidRequest("The form holds no file. Send one, as `file`.", param="file")
    return form.files[0].content
