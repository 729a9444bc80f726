"""An answer as a door hands it on: relayed, relayed and kept, or given again."""

from collections.abc import AsyncGenerator, Callable
from typing import Literal, Protocol

from aiportal.chat.answer_cache import MAX_ANSWER_BYTES, CachedAnswer
from aiportal.errors import PortalError
from aiportal.events import UsageReported
from aiportal.routing import Completion

__all__ = ["Answer", "Recorded", "Replayed"]

Keep = Callable[[str, tuple[bytes, ...]], None]
"""Takes the deployment's id and an answer's blocks."""


class Answer(Protocol):
    """Read once, by `read` (unstreamed) or `chunks` (streamed). See `Completion`.

    cache: None where the cache was not asked. age_s: of an answer that is given again, else 0.
    """

    @property
    def model_id(self) -> str: ...

    @property
    def deployment_id(self) -> str: ...

    @property
    def is_stream(self) -> bool: ...

    @property
    def cache(self) -> Literal["hit", "miss"] | None: ...

    @property
    def age_s(self) -> float: ...

    @property
    def report(self) -> UsageReported | None: ...

    async def read(self) -> bytes: ...

    def chunks(self) -> AsyncGenerator[bytes, None]: ...

    def fail(self, error: PortalError) -> None: ...


class Recorded:
    """What an upstream says, as it comes. What ends without a failure is kept.

    asked: the model that was asked for; what stood in for it is no answer of that model.
    """

    cache: Literal["hit", "miss"] | None = "miss"
    age_s = 0.0

    def __init__(self, completion: Completion, asked: str, keep: Keep) -> None:
        self._completion = completion
        self.model_id = completion.model_id
        self.deployment_id = completion.deployment_id
        self.is_stream = completion.is_stream
        self._keep = keep if completion.model_id == asked else None

    @property
    def report(self) -> UsageReported | None:
        return self._completion.report

    def fail(self, error: PortalError) -> None:
        """See `Completion.fail`."""
        self._completion.fail(error)

    async def read(self) -> bytes:
        """See `Completion.read`."""
        body = await self._completion.read()
        if self._keep is not None:
            self._keep(self.deployment_id, (body,))
        return body

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """See `Completion.chunks`. The last block comes once the call is in the ledger."""
        blocks: list[bytes] = []
        size = 0
        async for block in self._completion.chunks():
            if self._keep is None:
                pass
            elif self.report is not None:
                if size <= MAX_ANSWER_BYTES:
                    self._keep(self.deployment_id, (b"".join(blocks), block))
            elif (size := size + len(block)) <= MAX_ANSWER_BYTES:
                blocks.append(block)
            else:
                blocks.clear()
            yield block


class Replayed:
    """A kept answer, byte for byte."""

    cache: Literal["hit", "miss"] | None = "hit"
    report: UsageReported | None = None

    def __init__(self, answer: CachedAnswer, age_s: float, *, is_stream: bool) -> None:
        self.model_id = answer.model.id
        self.deployment_id = answer.deployment_id
        self.is_stream = is_stream
        self.age_s = age_s
        self._blocks = answer.blocks

    def fail(self, error: PortalError) -> None:
        """Nothing was called: there is no row to tell it."""

    async def read(self) -> bytes:
        """The whole answer."""
        return b"".join(self._blocks)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The stream in two blocks of whole events, its end apart."""
        for block in self._blocks:
            if block:
                yield block
