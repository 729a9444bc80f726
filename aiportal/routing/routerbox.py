"""What the router would do and how its deployments fare: told, with nothing asked of any of them."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from aiportal.errors import ModelNotFound, ModelUnavailable, PermissionDenied
from aiportal.principal import Principal
from aiportal.registry import Deployment, Model, Registry, Strategy
from aiportal.routing.choice import shares
from aiportal.routing.health import Board, HealthFigures

__all__ = [
    "Candidate",
    "DeploymentFigures",
    "DeploymentStatus",
    "Resolution",
    "RouterBox",
    "StandIn",
]

_STRATEGIES: dict[Strategy, str] = {
    "weighted": "by weight, at random",
    "least_busy": "the one with the fewest calls under way for its weight",
    "latency": "the one whose answers began soonest of late",
    "cost": "the one whose tokens cost least",
}


@dataclass(frozen=True, slots=True)
class DeploymentStatus:
    """One deployment of one model. missing: why it cannot serve at all, in words, else "".

    state: as `HealthFigures` has it, or "off" where something is missing.
    """

    model: str
    deployment: str
    provider: str
    dialect: str
    state: Literal["up", "cooling", "trying", "off"]
    missing: str
    figures: HealthFigures


@dataclass(frozen=True, slots=True)
class DeploymentFigures:
    """What has added up at one deployment since the start, whichever models used it."""

    deployment: str
    provider: str
    dialect: str
    calls: int
    answers: int
    failures: int
    in_flight: int
    is_cooling: bool
    latency_ms_sum: float
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A deployment that the next call of a model may go to. share: how probably it does, 0 to 1."""

    deployment: str
    dialect: str
    weight: float
    share: float
    figures: HealthFigures
    why: str


@dataclass(frozen=True, slots=True)
class StandIn:
    """A fallback, in its turn. is_skipped: it would not be asked as things stand."""

    model: str
    is_skipped: bool
    why: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What would serve a model now: itself, or the stand-in that is asked first; and why."""

    model: str
    serving: str
    strategy: Strategy
    why: str
    deployments: tuple[Candidate, ...]
    fallbacks: tuple[StandIn, ...]


class RouterBox:
    """The router's windows."""

    def __init__(self, registry: Registry, board: Board) -> None:
        self._registry = registry
        self._board = board

    async def status(self, principal: Principal) -> Sequence[DeploymentStatus]:
        """Each deployment of the models that this caller may use now; an administrator sees all."""
        now = time.monotonic()
        return [
            self._status(status.model, deployment, status.missing, now)
            for status in await self._registry.statuses(principal)
            if status.is_usable or principal.is_admin
            for deployment in status.model.deployments
        ]

    async def figures(self, principal: Principal) -> Sequence[DeploymentFigures]:
        """The same deployments, each once, with what monitoring adds up."""
        now = time.monotonic()
        found: dict[str, DeploymentFigures] = {}
        for status in await self._registry.statuses(principal):
            if status.is_usable or principal.is_admin:
                for deployment in status.model.deployments:
                    found.setdefault(deployment.id, self._figures(status.model, deployment, now))
        return list(found.values())

    async def resolve(self, principal: Principal, model_id: str) -> Resolution:
        """What would serve a call. Raises ModelNotFound, PermissionDenied, ModelUnavailable."""
        model = self._registry.resolve(principal, model_id)
        missing = {each.model.id: each.missing for each in await self._registry.statuses(principal)}
        if words := missing.get(model_id):
            raise ModelUnavailable(f"The model {model_id!r} cannot serve: {words}", param="model")
        candidates = tuple(self._candidates(model))
        stand_ins = tuple(self._stand_ins(principal, model, missing))
        is_cooling = self._board.are_all_cooling(model.deployments)
        first = next((each.model for each in stand_ins if not each.is_skipped), None)
        serving = first if is_cooling and first else model_id
        return Resolution(
            model=model_id,
            serving=serving,
            strategy=model.strategy,
            why=_why(model, serving, is_cooling=is_cooling),
            deployments=candidates,
            fallbacks=stand_ins,
        )

    def _status(
        self, model: Model, deployment: Deployment, missing: str, now: float
    ) -> DeploymentStatus:
        figures = self._board.of(deployment).figures(now)
        return DeploymentStatus(
            model=model.id,
            deployment=deployment.id,
            provider=model.provider,
            dialect=deployment.dialect,
            state="off" if missing else figures.state,
            missing=missing,
            figures=figures,
        )

    def _figures(self, model: Model, deployment: Deployment, now: float) -> DeploymentFigures:
        health = self._board.of(deployment)
        return DeploymentFigures(
            deployment=deployment.id,
            provider=model.provider,
            dialect=deployment.dialect,
            calls=health.calls,
            answers=health.answers,
            failures=health.failures,
            in_flight=health.in_flight,
            is_cooling=health.state(now) == "cooling",
            latency_ms_sum=health.latency_ms_sum,
            prompt_tokens=health.prompt_tokens,
            completion_tokens=health.completion_tokens,
            cost_usd=health.cost_usd,
        )

    def _candidates(self, model: Model) -> Iterator[Candidate]:
        now = time.monotonic()
        parts = shares(model, model.deployments, self._board)
        for deployment, share in zip(model.deployments, parts, strict=True):
            figures = self._board.of(deployment).figures(now)
            yield Candidate(
                deployment=deployment.id,
                dialect=deployment.dialect,
                weight=deployment.weight,
                share=share,
                figures=figures,
                why=_why_candidate(figures, share),
            )

    def _stand_ins(
        self, principal: Principal, model: Model, missing: dict[str, str]
    ) -> Iterator[StandIn]:
        for model_id in model.fallbacks:
            try:
                other = self._registry.resolve(principal, model_id)
            except (ModelNotFound, PermissionDenied, ModelUnavailable) as error:
                yield StandIn(model_id, is_skipped=True, why=error.message)
                continue
            if words := missing.get(model_id):
                yield StandIn(model_id, is_skipped=True, why=words)
            elif self._board.are_all_cooling(other.deployments):
                why = "All its deployments cool down; it is asked after those that do not."
                yield StandIn(model_id, is_skipped=True, why=why)
            else:
                yield StandIn(model_id, is_skipped=False, why=_why_stand_in(model, other))


def _why(model: Model, serving: str, *, is_cooling: bool) -> str:
    if serving != model.id:
        return f"All deployments of {model.id!r} cool down after failures, so {serving!r} is asked first."
    if is_cooling:
        return (
            "All deployments cool down after failures, and nothing can stand in: the one that has "
            "fared best is asked all the same."
        )
    if len(model.deployments) == 1:
        return "The model has one deployment, and that can be asked."
    return f"Of the deployments that do not cool down: {_STRATEGIES[model.strategy]}."


def _why_candidate(figures: HealthFigures, share: float) -> str:
    match figures.state:
        case "cooling":
            words = f"It cools down for {figures.cooling_s:.0f} s more after {figures.last_error}"
        case "trying":
            words = f"Its cooldown after {figures.last_error} is over, and one call alone tries it"
        case "up":
            words = "It is up"
    if not share:
        return f"{words}; the next call does not go to it."
    return f"{words}; the next call goes to it {'for sure' if share == 1 else f'in {share:.0%}'}."


def _why_stand_in(model: Model, other: Model) -> str:
    ours, theirs = model.context_window, other.context_window
    if ours is not None and theirs is not None and theirs <= ours:
        return "Asked where those before it fail, but not with what is too long for them."
    return "Asked where those before it fail, also with what is too long for them."
