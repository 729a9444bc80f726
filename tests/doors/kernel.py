"""A real Jupyter kernel that tests run cells in."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Self

import nbformat
from nbclient import NotebookClient

from aiportal.notebook.loop import BackgroundLoop

__all__ = ["CellRun", "Kernel"]

CELL_TIMEOUT_S = 60
_v4: Any = nbformat.v4  # has no types


@dataclass(frozen=True)
class CellRun:
    """outputs: the cell's, as nbformat has them. next_cells: what it asked to be put below it."""

    outputs: Sequence[Mapping[str, Any]]
    next_cells: Sequence[str]

    def shown(self, mime: str = "text/plain") -> list[Any]:
        """Every output in this form, the last state of each."""
        found = [output.get("data", {}) for output in self.outputs]
        return [data[mime] for data in found if mime in data]

    @property
    def text(self) -> str:
        """What was written to both streams, and the words of an error."""
        streams = "".join(output.get("text", "") for output in self.outputs)
        errors = (output["ename"] for output in self.outputs if output["output_type"] == "error")
        return streams + "".join(errors)


class Kernel:
    """`with Kernel(environment) as kernel: kernel.run("1 + 1")`. A failing cell is no error."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._loop = BackgroundLoop()
        self._stack = AsyncExitStack()
        self._environment = dict(environment)
        self._replies: list[Mapping[str, Any]] = []
        self._notebook = _v4.new_notebook()
        self._client = NotebookClient(
            self._notebook,
            allow_errors=True,
            timeout=CELL_TIMEOUT_S,
            on_cell_executed=self._remember,
        )

    def __enter__(self) -> Self:
        setup = self._client.async_setup_kernel(env=self._environment)
        self._loop.run(self._stack.enter_async_context(setup))
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run(self._stack.aclose())
        self._loop.close()

    def run(self, source: str) -> CellRun:
        """Run a cell to its end."""
        return self._loop.run(self._execute(self._added(source)))

    def run_and_stop(self, source: str, when: Callable[[], object]) -> CellRun:
        """Run a cell, and press Stop as soon as `when` returns."""
        return self._loop.run(self._run_and_stop(source, when))

    def wait_for_output(self) -> None:
        """Wait until the running cell shows something. Raises TimeoutError."""
        deadline = time.monotonic() + CELL_TIMEOUT_S
        while not self._notebook.cells[-1].outputs:
            if time.monotonic() > deadline:
                raise TimeoutError("the cell has shown nothing")
            time.sleep(0.01)

    async def _run_and_stop(self, source: str, when: Callable[[], object]) -> CellRun:
        running = asyncio.create_task(self._execute(self._added(source)))
        await asyncio.to_thread(when)
        manager: Any = self._client.km
        await manager.interrupt_kernel()
        return await running

    def _added(self, source: str) -> Any:
        cell = _v4.new_code_cell(source)
        self._notebook.cells.append(cell)
        return cell

    async def _execute(self, cell: Any) -> CellRun:
        await self._client.async_execute_cell(cell, len(self._notebook.cells) - 1)
        payload = self._replies[-1]["content"].get("payload", ())
        next_cells = [one["text"] for one in payload if one["source"] == "set_next_input"]
        return CellRun(cell.outputs, next_cells)

    def _remember(self, *, execute_reply: Mapping[str, Any], **_: object) -> None:
        self._replies.append(execute_reply)
