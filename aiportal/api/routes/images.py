"""POST /images/generations and /images/edits, OpenAI's."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from aiportal.api.forms import Form, is_form, read_form
from aiportal.api.model_answer import ModelAnswer, read_json
from aiportal.api.openapi import body_of
from aiportal.api.requests import PortalRoute
from aiportal.dialects.exchange import Untranslated
from aiportal.dialects.openai_images import (
    MAX_IMAGES,
    ImagesBody,
    parse_edit,
    parse_edit_form,
    parse_generation,
)
from aiportal.portal import Portal
from aiportal.principal import Principal

__all__ = ["router"]

router = APIRouter(tags=["images"], route_class=PortalRoute)


async def _open_generation(portal: Portal, _: Principal, body: object) -> Untranslated:
    return Untranslated(parse_generation(body, portal.registry.limits))


async def _open_edit(portal: Portal, _: Principal, body: object) -> Untranslated:
    limits = portal.registry.limits
    if isinstance(body, Form):
        return Untranslated(parse_edit_form(body.fields, body.files, limits))
    return Untranslated(parse_edit(body, limits))


async def _read_edit(portal: Portal, request: Request) -> object:
    if is_form(request):
        return await read_form(request, portal.registry.limits, max_files=MAX_IMAGES + 1)
    return await read_json(portal, request)


@router.post("/images/generations", openapi_extra=body_of(ImagesBody))
async def generate_images() -> Response:
    """Images from a prompt. Fields unknown here travel on."""
    return ModelAnswer(_open_generation, endpoint="images/generations")


def _edit_documentation() -> dict[str, Any]:
    schema = body_of(ImagesBody)["requestBody"]["content"]["application/json"]["schema"]
    a_file = {"type": "string", "format": "binary"}
    form = {
        **schema,
        "properties": {**schema["properties"], "image": a_file, "mask": a_file},
        "required": [*schema["required"], "image"],
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}}}


@router.post("/images/edits", openapi_extra=_edit_documentation())
async def edit_images() -> Response:
    """Images changed by a prompt: at most 16 in a multipart form, or named in JSON as `images`."""
    return ModelAnswer(_open_edit, endpoint="images/edits", read=_read_edit)
