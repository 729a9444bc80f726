"""One call's way to an answer: deployments, retries, fallbacks, and the row where none is had."""

import asyncio
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import (
    InvalidRequest,
    ModelUnavailable,
    UpstreamError,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
)
from aiportal.registry import Deployment, Model, Timeouts
from aiportal.routing.choice import choose
from aiportal.routing.completion import Completion
from aiportal.routing.health import Board, Health
from aiportal.routing.model_call import ModelCall
from aiportal.routing.outcome import ending, estimated_usage
from aiportal.routing.precedence import Precedence
from aiportal.routing.retrying import Remedy, pause_s, remedy, retry_after_s, tries_worth
from aiportal.routing.upstreams.call import UpstreamRequest
from aiportal.routing.upstreams.table import Upstreams
from aiportal.usage import Ledger

__all__ = ["Asking"]


class Asking:
    """Used once. Nothing of an answer has gone out when it returns, so until then all may be tried."""

    def __init__(
        self,
        call: ModelCall,
        *,
        upstreams: Upstreams,
        board: Board,
        ledger: Ledger,
        precedence: Precedence,
    ) -> None:
        self._call = call
        self._upstreams = upstreams
        self._board = board
        self._ledger = ledger
        self._precedence = precedence
        self._started = time.perf_counter()
        self._asked: tuple[Model, Deployment] | None = None
        self._may_have_cost = False
        self._too_long_for = 0  # tokens that a model holds for which this call was too long

    async def run(self) -> Completion:
        """An answer that has begun. Where there is none, the call's row is committed first.

        Raises UpstreamError, ModelUnavailable: the error of the model that was asked for, if that
        was asked, else the first one.
        """
        try:
            if not self._call.model.fallbacks:
                return await self._ask(self._call.model)
            return await self._ask_in_turn()
        except InvalidRequest:
            raise
        except BaseException as error:
            await self._record_failure(error)
            raise

    async def _ask_in_turn(self) -> Completion:
        errors: dict[str, UpstreamError | ModelUnavailable] = {}
        for model in self._in_turn():
            if errors and not self._is_worth_asking(model):
                continue
            asked = self._asked
            try:
                return await self._ask(model)
            except InvalidRequest:
                if not errors:
                    raise
                self._asked = asked  # a fallback that cannot do this was not really asked
            except (UpstreamError, ModelUnavailable) as error:
                # What a stand-in finds fault with may be right for another model.
                is_own = model is self._call.model
                if is_own and remedy(error, model.retries) is Remedy.NOWHERE:
                    raise
                errors[model.id] = error
                if error.code == "context_length_exceeded":
                    self._too_long_for = max(self._too_long_for, model.context_window or 0)
        raise errors.get(self._call.model.id) or next(iter(errors.values()))

    def _in_turn(self) -> Iterator[Model]:
        """The model and its fallbacks; those of which all deployments cool down only after the rest."""
        cooling = []
        for model in chain((self._call.model,), self._call.fallbacks()):
            if self._board.are_all_cooling(model.deployments):
                cooling.append(model)
            else:
                yield model
        yield from cooling

    def _is_worth_asking(self, model: Model) -> bool:
        """False for one that holds no more than another for which this was too long, or too late."""
        is_too_small = (model.context_window or math.inf) <= self._too_long_for
        return not is_too_small and time.perf_counter() < self._started + model.timeouts.total_s

    async def _ask(self, model: Model) -> Completion:
        tries = _Tries(model, self._board, started=self._started)
        while True:
            deployment = tries.next()
            timeouts = model.timeouts if self._asked is None else tries.timeouts_left()
            try:
                return await self._attempt(model, deployment, timeouts)
            except UpstreamError as error:
                await tries.go_on_after(deployment, error)

    async def _attempt(
        self, model: Model, deployment: Deployment, timeouts: Timeouts
    ) -> Completion:
        health = self._board.of(deployment)
        began = time.monotonic()
        health.begin(began)
        was_asked, self._asked = self._asked, (model, deployment)
        self._may_have_cost = True
        completion = None
        try:
            completion = await self._begun(model, deployment, health, timeouts)
            health.answered(time.monotonic(), began)
        except UpstreamRejected:
            health.refused(time.monotonic(), began)
            raise
        except UpstreamError as error:
            is_elsewhere = remedy(error, model.retries) is Remedy.ELSEWHERE
            wanted_s = retry_after_s(error.retry_after) if is_elsewhere else None
            health.failed(time.monotonic(), began, error, model.cooldown, pause_s=wanted_s)
            raise
        except ModelUnavailable:
            self._asked, self._may_have_cost = was_asked, False
            raise
        finally:
            if completion is None:
                health.abandoned(began)
                health.ended()
        return completion

    async def _begun(
        self, model: Model, deployment: Deployment, health: Health, timeouts: Timeouts
    ) -> Completion:
        request = self._call.request
        upstream_request = UpstreamRequest(
            model,
            deployment,
            self._call.body(model, deployment),
            request.is_stream,
            timeouts,
            request.operation,
            request.files,
            request.headers,
        )
        try:
            upstream_call = await self._upstreams.of(deployment).send(upstream_request)
        except UpstreamError:
            self._may_have_cost = False
            raise
        completion = Completion(
            upstream_call,
            self._call,
            self._ledger,
            model=model,
            deployment=deployment,
            health=health,
            precedence=self._precedence,
            started=self._started,
        )
        await completion.begin()
        return completion

    async def _record_failure(self, error: BaseException) -> None:
        """What a provider refused costs nothing; what was cut off may have cost its prompt."""
        if self._asked is None:
            return
        model, deployment = self._asked
        may_have_cost = self._may_have_cost
        usage = estimated_usage(self._call.prompt_chars()) if may_have_cost else TokenUsage()
        cost_usd = deployment.pricing.cost_usd(usage)
        self._board.of(deployment).used(usage, cost_usd)
        status, code = ending(error)
        await self._ledger.record(
            self._call.entry,
            usage,
            model=model.id,
            deployment=deployment.id,
            is_estimated=may_have_cost,
            cost_usd=cost_usd,
            ttft_ms=None,
            latency_ms=round((time.perf_counter() - self._started) * 1000, 3),
            status=status,
            error_code=code,
        )


class _Tries:
    """One model's deployments: each once, then those again that may have been unlucky."""

    def __init__(self, model: Model, board: Board, *, started: float) -> None:
        self._model = model
        self._board = board
        self._deadline = started + model.timeouts.total_s
        self._usable = list(model.deployments)
        self._untried = list(model.deployments)
        self._number = 0

    def next(self) -> Deployment:
        """The deployment to ask now."""
        deployment = choose(self._model, self._untried, self._board)
        self._untried.remove(deployment)
        return deployment

    def timeouts_left(self) -> Timeouts:
        """The model's, with what is left of the whole."""
        left_s = math.ceil(self._deadline - time.perf_counter())
        return replace(self._model.timeouts, total_s=max(left_s, 1))

    async def go_on_after(self, deployment: Deployment, error: UpstreamError) -> None:
        """Return when `next` should be asked, after a pause if need be; else raise the error."""
        what = remedy(error, self._model.retries)
        if what in {Remedy.NOWHERE, Remedy.OTHER_MODEL}:
            raise error
        if what is Remedy.ELSEWHERE:
            self._usable.remove(deployment)
        left_s = self._deadline - time.perf_counter()
        if self._untried and not self._board.are_all_cooling(self._untried) and left_s > 0:
            return
        if not self._usable:
            raise error
        if isinstance(error, UpstreamRateLimited) and self._board.are_all_cooling(self._usable):
            raise error
        pause = self._pause_s(error)
        if pause is None or pause > left_s:
            raise error
        self._number += 1
        self._untried = list(self._usable)
        await asyncio.sleep(pause)

    def _pause_s(self, error: UpstreamError) -> float | None:
        """Seconds until the next round, None where none is worth it."""
        now = time.monotonic()
        rate = max(self._board.of(each).success_rate(now) or 0.0 for each in self._usable)
        retries = self._model.retries
        if self._number >= tries_worth(retries, rate, error):
            return None
        # One that answers in between is not overloaded: its pauses need not grow.
        is_overload = isinstance(error, UpstreamOverloaded)
        return pause_s(retries, self._number if is_overload or not rate else 0, error)
