"""What is behind the models: how deployments fare, what would serve, what is wrong; read it anew."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.dialects.openai_chat import ModelName
from aiportal.registry import ConfigProblem
from aiportal.routing import DeploymentStatus, HealthFigures, Resolution
from aiportal.timestamps import to_text

__all__ = [
    "CandidateBody",
    "DeploymentBody",
    "DeploymentList",
    "Problem",
    "ProblemList",
    "Reloaded",
    "ResolutionBody",
    "ResolveBody",
    "StandInBody",
    "router",
]

router = APIRouter(prefix="/routerbox", tags=["models"], route_class=PortalRoute)


class ResolveBody(BaseModel):
    """The model to ask about."""

    model: ModelName


class DeploymentBody(BaseModel):
    """One deployment of one model.

    state: "trying" when its cooldown is over and one call alone may try it; "off" with what is
    `missing`. Latencies in milliseconds, until an answer had begun, of the last 100.
    """

    object: Literal["deployment"] = "deployment"
    model: str
    deployment: str
    provider: str
    dialect: str
    state: Literal["up", "cooling", "trying", "off"]
    missing: str | None
    cooling_until: str | None
    cooling_s: float
    in_flight: int
    calls: int
    failures: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    last_error: str | None


class DeploymentList(BaseModel):
    object: Literal["list"] = "list"
    data: list[DeploymentBody]
    has_more: bool = False


class CandidateBody(BaseModel):
    """share: how probably the next call goes there, 0 to 1."""

    deployment: str
    dialect: str
    state: Literal["up", "cooling", "trying"]
    cooling_until: str | None
    weight: float
    share: float
    why: str


class StandInBody(BaseModel):
    model: str
    skipped: bool
    why: str


class ResolutionBody(BaseModel):
    """served_by: the model itself, or the fallback that is asked before it."""

    object: Literal["resolution"] = "resolution"
    model: str
    served_by: str
    strategy: str
    why: str
    deployments: list[CandidateBody]
    fallbacks: list[StandInBody]


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


@router.get("/status")
async def routerbox_status(portal: PortalDep, principal: PrincipalDep) -> DeploymentList:
    """How each deployment of the models that the caller may use fares; administrators see all."""
    return DeploymentList(
        data=[_deployment(status) for status in await portal.routerbox.status(principal)]
    )


@router.post("/resolve")
async def routerbox_resolve(
    body: ResolveBody, portal: PortalDep, principal: PrincipalDep
) -> ResolutionBody:
    """What would serve a model now, and why. Nothing is called."""
    return _resolution(await portal.routerbox.resolve(principal, body.model))


@router.post("/reload")
async def reload(portal: PortalDep, principal: PrincipalDep) -> Reloaded:
    """Read the model config and look for local model servers now. For administrators."""
    models = await portal.registry.reload(principal)
    return Reloaded(models=len(models), problems=Problem.all_of(portal.registry.problems))


@router.get("/problems")
async def problems(portal: PortalDep, principal: PrincipalDep) -> ProblemList:
    """What is wrong in the model config. For administrators."""
    return ProblemList(data=Problem.all_of(portal.registry.problems_for(principal)))


def _deployment(status: DeploymentStatus) -> DeploymentBody:
    figures = status.figures
    return DeploymentBody(
        model=status.model,
        deployment=status.deployment,
        provider=status.provider,
        dialect=status.dialect,
        state=status.state,
        missing=status.missing or None,
        cooling_until=_cooling_until(figures),
        cooling_s=round(figures.cooling_s, 3),
        in_flight=figures.in_flight,
        calls=figures.calls,
        failures=figures.failures,
        latency_p50_ms=figures.p50_ms,
        latency_p95_ms=figures.p95_ms,
        last_error=figures.last_error,
    )


def _resolution(found: Resolution) -> ResolutionBody:
    return ResolutionBody(
        model=found.model,
        served_by=found.serving,
        strategy=found.strategy,
        why=found.why,
        deployments=[
            CandidateBody(
                deployment=each.deployment,
                dialect=each.dialect,
                state=each.figures.state,
                cooling_until=_cooling_until(each.figures),
                weight=each.weight,
                share=round(each.share, 4),
                why=each.why,
            )
            for each in found.deployments
        ],
        fallbacks=[
            StandInBody(model=each.model, skipped=each.is_skipped, why=each.why)
            for each in found.fallbacks
        ],
    )


def _cooling_until(figures: HealthFigures) -> str | None:
    if not figures.cooling_s:
        return None
    return to_text(datetime.now(UTC) + timedelta(seconds=figures.cooling_s))
