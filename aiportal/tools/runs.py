"""Runs that go on by themselves: started, looked at, cancelled by their id, and kept."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from functools import partial
from types import MappingProxyType

from aiportal.errors import Conflict, NotFound, PortalError, ToolNotFound
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.sandbox import Artifact, Failure
from aiportal.store import Database
from aiportal.timestamps import now_text, to_text
from aiportal.tools.call import ToolCall
from aiportal.tools.outcome import ToolOutcome
from aiportal.tools.run_history import RunHistory
from aiportal.tools.run_record import RunFile, RunStatus, ToolRun
from aiportal.tools.tools import Tools

__all__ = ["MAX_WAIT_S", "ToolRuns", "open_tool_runs"]

MAX_WAIT_S = 5.0  # an end of the portal waits for the answers that are under way
LOOK_EVERY_S = 0.5  # at a run of another process
QUEUE_S = 120  # for a worker, besides the run's own time
MAX_OPEN = 10  # of a user
CANCELLED_IN_SESSION = (
    "The run was cancelled. If its program had begun, its session has ended: the variables are gone,"
    " and the next call of the session begins anew."
)
_NO_FILES: Mapping[str, bytes] = MappingProxyType({})
_Outcome = Callable[[], Awaitable[ToolOutcome]]
_log = logging.getLogger(__name__)


@asynccontextmanager
async def open_tool_runs(database: Database, tools: Tools) -> AsyncIterator["ToolRuns"]:
    """Those that run are cancelled when the context is left."""
    tasks: dict[str, asyncio.Task[None]] = {}
    try:
        yield ToolRuns(database, tools, tasks)
    finally:
        ending = list(tasks.values())
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)


class ToolRuns:
    """Every method sees only the caller's own runs; another's is NotFound.

    A run that is acknowledged is in the table, and its outcome is before anybody is told of it.
    """

    def __init__(
        self, database: Database, tools: Tools, tasks: dict[str, asyncio.Task[None]]
    ) -> None:
        self._history = RunHistory(database, tasks)
        self._tools = tools
        self._open = tasks
        self._owners: dict[str, str] = {}

    async def start(
        self,
        principal: Principal,
        tool_id: str,
        parameters: object,
        *,
        files: Mapping[str, bytes] | None = None,
        session: str | None = None,
    ) -> ToolRun:
        """Begin a run; it is `waiting` soon where it needs an approval.

        Raises what `Tools.execute` raises for what is asked of it, Conflict for too many at once.
        """
        with self._place(principal) as run_id:
            given = files or _NO_FILES
            call = await self._tools.checked_call(
                principal, tool_id, parameters, source="web", files=given, session=session
            )
            wall_s = await self._wall_s(principal, tool_id)
            run = _new(run_id, call)
            outcome = partial(self._outcome, principal, run, call, wall_s)
            return await self._begin(principal, run, outcome, wall_s, call.session)

    async def approve(self, principal: Principal, approval_id: str) -> ToolRun | None:
        """Agree to a call that waits, and run it; None where another door or a run waits for it.

        Raises NotFound, also for another's; Conflict for one that is decided or has expired.
        """
        with self._place(principal) as run_id:
            approval = await self._tools.decide(principal, approval_id, approve=True)
            if approval.is_awaited:
                return None
            wall_s = await self._wall_s(principal, approval.tool_id)
            run = _new(run_id, approval.call)
            session = approval.call.session
            return await self._begin(principal, run, approval.outcome, wall_s, session)

    async def get(self, principal: Principal, run_id: str, *, wait_s: float = 0) -> ToolRun:
        """One of them, when it has ended or changed, else after `wait_s`. Raises NotFound."""
        run = before = await self._history.get(principal, run_id)
        deadline = asyncio.get_running_loop().time() + min(wait_s, MAX_WAIT_S)
        while not run.is_over and run.status == before.status:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                break
            task = self._open.get(run_id)
            if task is None:
                await asyncio.sleep(min(left, LOOK_EVERY_S))
            else:
                await asyncio.wait([task], timeout=min(left, LOOK_EVERY_S))
            run = await self._history.get(principal, run_id)
        return run

    async def cancel(self, principal: Principal, run_id: str) -> ToolRun:
        """End one that runs or waits; one that is over stays as it is. Raises NotFound."""
        run = await self._history.get(principal, run_id)
        task = self._open.get(run_id)
        if task is None or run.is_over:
            return run
        if run.approval_id is not None and run.status == "waiting":
            await self._decline(principal, run.approval_id)
        task.cancel()
        await asyncio.wait([task])
        return await self._history.get(principal, run_id)

    async def list(
        self,
        principal: Principal,
        *,
        tool_id: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Sequence[ToolRun]:
        """The newest first, without what came of them. after: the id to go on from."""
        return await self._history.list(principal, tool_id=tool_id, limit=limit, after=after)

    async def delete(self, principal: Principal, run_id: str) -> None:
        """Forget one, which ends if it runs. Raises NotFound."""
        await self.cancel(principal, run_id)
        await self._history.delete(principal, run_id)

    async def delete_all(self, principal: Principal) -> int:
        """Forget all, those that run as well; how many there were."""
        for run_id in list(self._open):
            if self._owners.get(run_id) == principal.user_id:
                await self.cancel(principal, run_id)
        return await self._history.delete(principal)

    async def artifact(self, principal: Principal, run_id: str, place: int) -> Artifact:
        """A file that a run made. Raises NotFound."""
        return await self._history.artifact(principal, run_id, place)

    # ---- the task of a run

    @contextmanager
    def _place(self, principal: Principal) -> Iterator[str]:
        """The id of a new run, which counts from now on, until it ends or if it does not begin.

        Raises Conflict for one too many.
        """
        if list(self._owners.values()).count(principal.user_id) >= MAX_OPEN:
            words = f"{MAX_OPEN} of your runs go on already. Wait for one, or cancel it."
            raise Conflict(words, code="too_many_runs")
        run_id = new_id("run")
        self._owners[run_id] = principal.user_id
        try:
            yield run_id
        finally:
            if run_id not in self._open:
                self._owners.pop(run_id, None)

    async def _wall_s(self, principal: Principal, tool_id: str) -> float:
        """The tool's own time. One that is gone since its call was checked fails at once."""
        try:
            return (await self._tools.get(principal, tool_id)).tool.limits.wall_s
        except ToolNotFound:
            return 0.0

    async def _begin(
        self,
        principal: Principal,
        run: ToolRun,
        outcome: _Outcome,
        wall_s: float,
        session: str | None,
    ) -> ToolRun:
        await self._history.add(principal, run, deadline_at=now_text(plus_s=wall_s + QUEUE_S))
        work = self._run(principal, run, outcome, session)
        task = asyncio.create_task(work, name=f"tool {run.id}")
        self._open[run.id] = task
        task.add_done_callback(lambda _: self._forget(run.id))
        return run

    async def _run(
        self, principal: Principal, run: ToolRun, outcome: _Outcome, session: str | None
    ) -> None:
        status: RunStatus = "cancelled"
        ended = None if session is None else _failed(run, "cancelled", CANCELLED_IN_SESSION)
        try:
            ended = await outcome()
            status = "done" if ended.failure is None else "failed"
        except PortalError as error:
            status, ended = "failed", _failed(run, str(error.code), error.message)
        except Exception:
            _log.exception("A run of a tool failed by a fault of the portal")
            words = "That did not work, by a fault of the portal. Its log says more."
            status, ended = "failed", _failed(run, "internal_error", words)
        finally:
            await self._history.end(principal, run.id, status, ended)

    async def _outcome(
        self, principal: Principal, run: ToolRun, call: ToolCall, wall_s: float
    ) -> ToolOutcome:
        ended = await self._tools.run(principal, call)
        if isinstance(ended, ToolOutcome):
            return ended
        waiting = asyncio.create_task(ended.outcome())  # before anybody can decide
        try:
            at_last = ended.expires_at + timedelta(seconds=wall_s + QUEUE_S)
            await self._history.wait(run.id, ended.id, deadline_at=to_text(at_last))
            return await waiting
        finally:
            waiting.cancel()

    async def _decline(self, principal: Principal, approval_id: str) -> None:
        try:
            await self._tools.decide(principal, approval_id, approve=False)
        except (Conflict, NotFound):
            _log.info("A run was cancelled that did not wait any more")

    def _forget(self, run_id: str) -> None:
        self._open.pop(run_id, None)
        self._owners.pop(run_id, None)


def _new(run_id: str, call: ToolCall) -> ToolRun:
    files = tuple(RunFile(name, len(data)) for name, data in call.files.items())
    return ToolRun(run_id, call.tool_id, "running", call.parameters, files, created_at=now_text())


def _failed(run: ToolRun, kind: str, words: str) -> ToolOutcome:
    return ToolOutcome(run.tool_id, None, Failure(kind, words), 0.0)
