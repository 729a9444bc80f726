"""GET /models: what this caller may use now."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.errors import ModelNotFound
from aiportal.registry import Model

__all__ = ["ModelBody", "ModelList", "PricingBody", "router"]

router = APIRouter(tags=["models"], route_class=PortalRoute)
MAX_LIST = 1_000
CREATED = 1_700_000_000  # OpenAI's clients expect a time; a configured model has none


class PricingBody(BaseModel):
    """USD for a million tokens."""

    input_per_million: float
    output_per_million: float
    cached_input_per_million: float | None


class ModelBody(BaseModel):
    """OpenAI's model object with what else is known.

    is_default: it answers where none is named. is_discovered: a model server on the portal's machine
    offers it, no file has it.
    """

    id: str
    object: str = "model"
    created: int = CREATED
    owned_by: str
    name: str
    description: str
    context_window: int | None
    max_output_tokens: int | None
    capabilities: list[str]
    pricing: PricingBody
    is_default: bool
    is_discovered: bool


class ModelList(BaseModel):
    object: str = "list"
    data: list[ModelBody]
    has_more: bool


@router.get("/models")
async def list_models(
    portal: PortalDep,
    principal: PrincipalDep,
    limit: Annotated[int | None, Query(ge=1, le=MAX_LIST)] = None,
    after: str | None = None,
) -> ModelList:
    """The models that the caller may use now: all, or `limit` of them `after` one."""
    default = portal.registry.default_model
    most = None if limit is None else limit + 1
    found = await portal.registry.list(principal, limit=most, after=after)
    return ModelList(
        data=[_body(model, default) for model in found[:limit]],
        has_more=limit is not None and len(found) > limit,
    )


@router.get("/models/{model_id:path}")
async def get_model(model_id: str, portal: PortalDep, principal: PrincipalDep) -> ModelBody:
    """One of them."""
    for model in await portal.registry.list(principal):
        if model.id == model_id:
            return _body(model, portal.registry.default_model)
    raise ModelNotFound(
        "There is no such model that you may use. GET /v1/models lists them.", param="model"
    )


def _body(model: Model, default_model: str) -> ModelBody:
    pricing = model.pricing
    return ModelBody(
        id=model.id,
        owned_by=model.provider,
        name=model.name,
        description=model.description,
        context_window=model.context_window,
        max_output_tokens=model.max_output_tokens,
        capabilities=list(model.capabilities),
        pricing=PricingBody(
            input_per_million=pricing.input_per_million,
            output_per_million=pricing.output_per_million,
            cached_input_per_million=pricing.cached_input_per_million,
        ),
        is_default=model.id == default_model,
        is_discovered=model.is_discovered,
    )
