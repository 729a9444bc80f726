"""The caller's custom models: instructions and parameters on top of another model."""

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.registry import CustomDraft, CustomModel

__all__ = ["CustomModelBody", "CustomModelDeleted", "CustomModelList", "router"]

router = APIRouter(prefix="/custom-models", tags=["models"], route_class=PortalRoute)
MAX_LIST = 500


class CustomModelBody(BaseModel):
    """owner: the id of the user whose it is; null: only administrators change it."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    id: str
    object: Literal["custom_model"] = "custom_model"
    name: str
    description: str
    base_model: str
    system_prompt: str
    parameters: dict[str, Any]
    tools: tuple[str, ...]
    web_search: bool
    owner: str | None
    shared: bool

    @classmethod
    def of(cls, model: CustomModel) -> Self:
        return cls.model_validate(model, from_attributes=True, by_name=True)


class CustomModelList(BaseModel):
    object: Literal["list"] = "list"
    data: list[CustomModelBody]
    has_more: bool


class CustomModelDeleted(BaseModel):
    id: str
    object: Literal["custom_model.deleted"] = "custom_model.deleted"
    deleted: Literal[True] = True


@router.get("")
async def list_custom_models(
    portal: PortalDep,
    principal: PrincipalDep,
    limit: Annotated[int, Query(ge=1, le=MAX_LIST)] = 100,
    after: str | None = None,
) -> CustomModelList:
    """The caller's own and those that are shared, by id. `after`: the id to go on from."""
    found = await portal.custom_models.list(principal, limit=limit + 1, after=after)
    return CustomModelList(
        data=[CustomModelBody.of(model) for model in found[:limit]], has_more=len(found) > limit
    )


@router.post("", status_code=201)
async def create_custom_model(
    draft: CustomDraft, portal: PortalDep, principal: PrincipalDep
) -> CustomModelBody:
    """Make one; it can be used at once. Without an `id` it gets one from its name."""
    return CustomModelBody.of(await portal.custom_models.create(principal, draft))


@router.get("/{model_id:path}")
async def get_custom_model(
    model_id: str, portal: PortalDep, principal: PrincipalDep
) -> CustomModelBody:
    """One of them."""
    return CustomModelBody.of(await portal.custom_models.get(principal, model_id))


@router.put("/{model_id:path}")
async def replace_custom_model(
    model_id: str, draft: CustomDraft, portal: PortalDep, principal: PrincipalDep
) -> CustomModelBody:
    """Put another one in its place, under the same id. For its owner and administrators."""
    return CustomModelBody.of(await portal.custom_models.replace(principal, model_id, draft))


@router.delete("/{model_id:path}")
async def delete_custom_model(
    model_id: str, portal: PortalDep, principal: PrincipalDep
) -> CustomModelDeleted:
    """Remove it for good. For its owner and administrators."""
    return CustomModelDeleted(id=await portal.custom_models.delete(principal, model_id))
