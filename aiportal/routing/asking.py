"""One call's way to an answer: deployments, retries, fallbacks, and the row where none is had."""

import asyncio
import time
from collections.abc import Iterator
from itertools import chain

from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import InvalidRequest, ModelUnavailable, UpstreamError, UpstreamRejected
from aiportal.registry import Deployment, Model
from aiportal.routing.choice import choose
from aiportal.routing.completion import Completion
from aiportal.routing.health import Board
from aiportal.routing.model_call import ModelCall
from aiportal.routing.outcome import ending, estimated_usage
from aiportal.routing.retrying import Remedy, pause_s, remedy, retry_after_s, tries_worth
from aiportal.routing.upstreams.call import UpstreamRequest
from aiportal.routing.upstreams.table import Upstreams
from aiportal.usage import Ledger

__all__ = ["Asking"]


class Asking:
    """Used once. Nothing of an answer has gone out when it returns, so until then all may be tried."""

    def __init__(
        self, call: ModelCall, *, upstreams: Upstreams, board: Board, ledger: Ledger
    ) -> None:
        self._call = call
        self._upstreams = upstreams
        self._board = board
        self._ledger = ledger
        self._started = time.perf_counter()
        self._asked: tuple[Model, Deployment] | None = None
        self._was_accepted = False

    async def run(self) -> Completion:
        """An answer that has begun. Where there is none, the call's row is committed first.

        Raises the first error of the model that was asked for: UpstreamError, ModelUnavailable.
        """
        try:
            if not self._call.model.fallbacks:
                return await self._ask(self._call.model)
            return await self._ask_in_turn()
        except (UpstreamError, asyncio.CancelledError) as error:
            await self._record_failure(error)
            raise

    async def _ask_in_turn(self) -> Completion:
        first: UpstreamError | ModelUnavailable | None = None
        for model in self._in_turn():
            if first is not None and not self._is_worth_asking(model, first):
                continue
            asked = self._asked
            try:
                return await self._ask(model)
            except InvalidRequest:
                if first is None:
                    raise
                self._asked = asked  # a fallback that cannot do this was not really asked
            except (UpstreamError, ModelUnavailable) as error:
                if remedy(error, model.retries) is Remedy.NOWHERE:
                    raise
                first = first or error
        if first is None:
            raise RuntimeError("no model was asked")
        raise first

    def _in_turn(self) -> Iterator[Model]:
        """The model and its fallbacks; those of which all deployments cool down only after the rest."""
        cooling = []
        for model in chain((self._call.model,), self._call.fallbacks()):
            if self._board.are_all_cooling(model.deployments):
                cooling.append(model)
            else:
                yield model
        yield from cooling

    def _is_worth_asking(self, model: Model, error: UpstreamError | ModelUnavailable) -> bool:
        """False for a fallback that holds no more than the model for which this was too long."""
        ours, theirs = self._call.model.context_window, model.context_window
        if error.code != "context_length_exceeded" or ours is None or theirs is None:
            return True
        return theirs > ours

    async def _ask(self, model: Model) -> Completion:
        tries = _Tries(model, self._board, started=self._started)
        while True:
            deployment = tries.next()
            try:
                return await self._attempt(model, deployment)
            except UpstreamError as error:
                await tries.go_on_after(deployment, error)

    async def _attempt(self, model: Model, deployment: Deployment) -> Completion:
        health = self._board.of(deployment)
        began = time.monotonic()
        health.begin(began)
        self._asked = (model, deployment)
        self._was_accepted = False
        completion = None
        try:
            completion = await self._begun(model, deployment)
            health.answered(time.monotonic(), (time.monotonic() - began) * 1000)
        except UpstreamRejected:
            health.answered(time.monotonic(), (time.monotonic() - began) * 1000)
            raise
        except UpstreamError as error:
            is_elsewhere = remedy(error, model.retries) is Remedy.ELSEWHERE
            wanted_s = retry_after_s(error.retry_after) if is_elsewhere else None
            health.failed(time.monotonic(), error, model.cooldown, pause_s=wanted_s)
            raise
        finally:
            if completion is None:
                health.abandoned()
                health.ended()
        return completion

    async def _begun(self, model: Model, deployment: Deployment) -> Completion:
        request = self._call.request
        upstream = self._upstreams.of(deployment)
        upstream_call = await upstream.send(
            UpstreamRequest(
                model,
                deployment,
                self._call.body(model, deployment),
                request.is_stream,
                model.timeouts,
                request.operation,
                request.files,
            )
        )
        self._was_accepted = True
        completion = Completion(
            upstream_call,
            self._call,
            self._ledger,
            model=model,
            deployment=deployment,
            health=self._board.of(deployment),
            started=self._started,
        )
        await completion.begin()
        return completion

    async def _record_failure(self, error: UpstreamError | asyncio.CancelledError) -> None:
        """What a provider refused costs nothing; what was cut off may have cost its prompt."""
        if self._asked is None:
            return
        model, deployment = self._asked
        is_refused = isinstance(error, UpstreamError) and not self._was_accepted
        usage = TokenUsage() if is_refused else estimated_usage(self._call.prompt_chars())
        status, code = ending(error)
        await self._ledger.record(
            self._call.entry,
            usage,
            model=model.id,
            deployment=deployment.id,
            is_estimated=not is_refused,
            cost_usd=deployment.pricing.cost_usd(usage),
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

    async def go_on_after(self, deployment: Deployment, error: UpstreamError) -> None:
        """Return when `next` should be asked, after a pause if need be; else raise the error."""
        what = remedy(error, self._model.retries)
        if what in {Remedy.NOWHERE, Remedy.OTHER_MODEL}:
            raise error
        if what is Remedy.ELSEWHERE:
            self._usable.remove(deployment)
        if self._untried and not self._board.are_all_cooling(self._untried):
            return
        if not self._usable:
            raise error
        now = time.monotonic()
        rates = [self._board.of(each).success_rate(now) or 0.0 for each in self._usable]
        retries = self._model.retries
        # One that answers in between is not overloaded: its pauses need not grow.
        pause = pause_s(retries, 0 if max(rates) else self._number, error)
        is_late = time.perf_counter() + pause > self._deadline
        if self._number >= tries_worth(retries, max(rates)) or is_late:
            raise error
        self._number += 1
        self._untried = list(self._usable)
        await asyncio.sleep(pause)
