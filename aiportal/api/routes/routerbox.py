"""What is behind the models, for administrators: read the model config anew, see what is wrong."""

from collections.abc import Iterable
from typing import Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.registry import ConfigProblem

__all__ = ["Problem", "ProblemList", "Reloaded", "router"]

router = APIRouter(prefix="/routerbox", tags=["models"], route_class=PortalRoute)


class Problem(BaseModel):
    """In which file and field, what stands there, what is allowed."""

    file: str
    field: str
    value: str
    allowed: str

    @classmethod
    def all_of(cls, problems: Iterable[ConfigProblem]) -> list[Self]:
        return [cls.model_validate(one, from_attributes=True) for one in problems]


class ProblemList(BaseModel):
    object: Literal["list"] = "list"
    data: list[Problem]
    has_more: Literal[False] = False


class Reloaded(BaseModel):
    """models: how many there are now."""

    models: int
    problems: list[Problem]


@router.post("/reload")
async def reload(portal: PortalDep, principal: PrincipalDep) -> Reloaded:
    """Read the model config and look for local model servers now. For administrators."""
    models = await portal.registry.reload(principal)
    return Reloaded(models=len(models), problems=Problem.all_of(portal.registry.problems))


@router.get("/problems")
async def problems(portal: PortalDep, principal: PrincipalDep) -> ProblemList:
    """What is wrong in the model config. For administrators."""
    return ProblemList(data=Problem.all_of(portal.registry.problems_for(principal)))
