"""Many questions, some at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from aiportal.errors import InvalidRequest, PortalError
from aiportal.notebook.answer import Answer
from aiportal.notebook.prompt import Prompt
from aiportal.notebook.table import Table

__all__ = ["BatchRow", "run_batch"]

MAX_CONCURRENCY = 256
Ask = Callable[[Prompt], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One question with its answer, or with the words of the error that it ended in."""

    prompt: str
    answer: str | None
    model: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    error: str | None


async def run_batch(prompts: Iterable[Prompt], ask: Ask, *, concurrency: int) -> Table[BatchRow]:
    """Ask each, `concurrency` at a time; the rows are in the order of the prompts.

    A failure ends its own row only. Raises InvalidRequest for a concurrency out of bounds.
    """
    if not 1 <= concurrency <= MAX_CONCURRENCY:
        raise InvalidRequest(
            f"`concurrency` is 1 to {MAX_CONCURRENCY}, not {concurrency}.", param="concurrency"
        )
    batch = _Batch(prompts, ask)
    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(batch.work())
    return batch.table()


class _Batch:
    """Prompts that several workers take from in turn."""

    def __init__(self, prompts: Iterable[Prompt], ask: Ask) -> None:
        self._queue = iter(enumerate(prompts))
        self._ask = ask
        self._rows: dict[int, BatchRow] = {}

    async def work(self) -> None:
        for number, prompt in self._queue:
            self._rows[number] = await _row(prompt, self._ask)

    def table(self) -> Table[BatchRow]:
        return Table(BatchRow, (self._rows[number] for number in sorted(self._rows)))


async def _row(prompt: Prompt, ask: Ask) -> BatchRow:
    asked = prompt if isinstance(prompt, str) else str(prompt[-1].get("content", ""))
    try:
        answer = await ask(prompt)
    except PortalError as error:
        return BatchRow(asked, None, None, None, None, None, error.message)
    usage = answer.usage
    return BatchRow(
        prompt=asked,
        answer=answer.text,
        model=answer.model,
        prompt_tokens=None if usage is None else usage.prompt_tokens,
        completion_tokens=None if usage is None else usage.completion_tokens,
        cost_usd=answer.cost_usd,
        error=None,
    )
