"""The caller's API keys."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict

from aiportal.accounts import KEEP, ApiKey
from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute

__all__ = [
    "Key",
    "KeyChanges",
    "KeyDeleted",
    "KeyList",
    "KeyWithSecret",
    "NewKey",
    "router",
]

router = APIRouter(prefix="/api/auth/keys", tags=["accounts"], route_class=PortalRoute)
MAX_LIST = 500


class NewKey(BaseModel):
    """models: ids of the only models it may use; without them any."""

    model_config = ConfigDict(extra="forbid")

    name: str
    expires_at: AwareDatetime | None = None
    models: list[str] | None = None


class KeyChanges(BaseModel):
    """What is left out stays as it is. null lifts the end and the limit to certain models."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    expires_at: AwareDatetime | None = None
    models: list[str] | None = None


class Key(BaseModel):
    """hint: the last four characters of the key."""

    id: str
    object: Literal["api_key"] = "api_key"
    name: str
    hint: str
    models: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        return cls.model_validate(key, from_attributes=True)


class KeyWithSecret(Key):
    """key: the key itself, told only in this answer."""

    key: str

    @classmethod
    def reveal(cls, key: ApiKey, secret: str) -> Self:
        return cls(**Key.of(key).model_dump(), key=secret)


class KeyDeleted(BaseModel):
    id: str
    object: Literal["api_key.deleted"] = "api_key.deleted"
    deleted: Literal[True] = True


class KeyList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Key]
    has_more: bool


@router.get("")
async def list_keys(
    portal: PortalDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=MAX_LIST)] = 100,
    after: str | None = None,
) -> KeyList:
    """Newest first, without the keys themselves."""
    keys = await portal.keys.list(principal, limit=limit + 1, after=after)
    return KeyList(data=[Key.of(key) for key in keys[:limit]], has_more=len(keys) > limit)


@router.post("", status_code=201)
async def create_key(
    body: NewKey, response: Response, portal: PortalDep, principal: PrincipalDep
) -> KeyWithSecret:
    """Make a key. This answer alone shows it."""
    key, secret = await portal.keys.create(
        principal, name=body.name, expires_at=body.expires_at, models=body.models
    )
    response.headers["cache-control"] = "no-store"
    return KeyWithSecret.reveal(key, secret)


@router.patch("/{key_id}")
async def update_key(
    key_id: str, body: KeyChanges, portal: PortalDep, principal: PrincipalDep
) -> Key:
    """Change a key's name, end or models; the key itself stays."""
    given = body.model_fields_set
    key = await portal.keys.update(
        principal,
        key_id,
        name=body.name if "name" in given else KEEP,
        expires_at=body.expires_at if "expires_at" in given else KEEP,
        models=body.models if "models" in given else KEEP,
    )
    return Key.of(key)


@router.delete("/{key_id}")
async def revoke_key(key_id: str, portal: PortalDep, principal: PrincipalDep) -> KeyDeleted:
    """End a key at once and for good."""
    await portal.keys.revoke(principal, key_id)
    return KeyDeleted(id=key_id)


@router.post("/{key_id}/rotate")
async def rotate_key(
    key_id: str, response: Response, portal: PortalDep, principal: PrincipalDep
) -> KeyWithSecret:
    """Replace the key itself; the one before stops at once."""
    key, secret = await portal.keys.rotate(principal, key_id)
    response.headers["cache-control"] = "no-store"
    return KeyWithSecret.reveal(key, secret)
