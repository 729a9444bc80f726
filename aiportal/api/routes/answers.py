"""Answers of conversations, by their ids: what they are rated, and what was asked for them."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.api.routes.conversations import RatingBody

__all__ = ["CodeBody", "NewRating", "RatingDeleted", "RawBody", "router"]

router = APIRouter(tags=["conversations"], route_class=PortalRoute)
Reason = Annotated[str, Field(max_length=1_000)]


class NewRating(BaseModel):
    """`comment`: at most 2,000 characters. `reasons`: at most ten, of at most 50 characters."""

    model_config = ConfigDict(extra="forbid", strict=True)

    value: Literal["good", "poor"]
    comment: str | None = None
    reasons: Annotated[list[Reason], Field(max_length=100)] = []


class RatingDeleted(BaseModel):
    message_id: str
    object: Literal["rating.deleted"] = "rating.deleted"
    deleted: Literal[True] = True


class CodeBody(BaseModel):
    """Programs that ask the same again; they read the key from `AIPORTAL_KEY`."""

    model_config = ConfigDict(from_attributes=True)

    curl: str
    python: str
    notebook: Mapping[str, Any]


class RawBody(BaseModel):
    """`request` and `response` are put together from what is stored; `note` says what they lack."""

    object: Literal["message.raw"] = "message.raw"
    message_id: str
    request_id: str | None
    endpoint: Literal["/v1/chat/completions"] = "/v1/chat/completions"
    rebuilt: Literal[True] = True
    note: str
    request: Mapping[str, Any]
    response: Mapping[str, Any]
    code: CodeBody


@router.get("/messages/{message_id}/raw")
async def get_raw(
    message_id: str, request: Request, portal: PortalDep, principal: PrincipalDep
) -> RawBody:
    """What the model was asked for an answer and what it said, and the same as curl and Python."""
    raw = await portal.raw_exchanges.get(principal, message_id)
    code = await asyncio.to_thread(raw.code, str(request.base_url).rstrip("/"))
    return RawBody(
        message_id=raw.message_id,
        request_id=raw.request_id,
        note=raw.note,
        request=raw.request,
        response=raw.response,
        code=CodeBody.model_validate(code),
    )


@router.get("/messages/{message_id}/rating")
async def get_rating(message_id: str, portal: PortalDep, principal: PrincipalDep) -> RatingBody:
    """What an answer is rated; 404 where it is not."""
    return RatingBody.model_validate(await portal.ratings.get(principal, message_id))


@router.put("/messages/{message_id}/rating")
async def put_rating(
    message_id: str, body: NewRating, portal: PortalDep, principal: PrincipalDep
) -> RatingBody:
    """Rate an answer; what it was rated before is replaced."""
    rating = await portal.ratings.put(
        principal, message_id, value=body.value, comment=body.comment or "", reasons=body.reasons
    )
    return RatingBody.model_validate(rating)


@router.delete("/messages/{message_id}/rating")
async def delete_rating(
    message_id: str, portal: PortalDep, principal: PrincipalDep
) -> RatingDeleted:
    """Take a rating back."""
    await portal.ratings.delete(principal, message_id)
    return RatingDeleted(message_id=message_id)
