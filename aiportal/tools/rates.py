"""How often, and how often at once, each caller may call a tool."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiportal.errors import RateLimited
from aiportal.principal import Principal
from aiportal.tools.tool import Tool

__all__ = ["CallRates"]

WINDOW_S = 60.0
MAX_CALLERS = 10_000  # whose calls are remembered


class CallRates:
    """In memory: what was called within the last minute, by tool and user."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun: dict[tuple[str, str], deque[float]] = {}
        self._running: dict[tuple[str, str], int] = {}

    @property
    def running(self) -> int:
        """How many calls run or wait for a worker."""
        return sum(self._running.values())

    @contextmanager
    def counted(self, principal: Principal, tool: Tool) -> Iterator[None]:
        """One call. Raises RateLimited where the tool's limits allow this caller no further one now."""
        key = (tool.id, principal.user_id)
        self._check(tool, key)
        self._running[key] = self._running.get(key, 0) + 1
        try:
            yield
        finally:
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key]

    def _check(self, tool: Tool, key: tuple[str, str]) -> None:
        parallel, rpm = tool.rate.parallel, tool.rate.rpm
        if parallel is not None and self._running.get(key, 0) >= parallel:
            words = f"The tool {tool.id!r} runs for you {parallel} times at once already. Try again"
            raise RateLimited(f"{words} when one has ended.", retry_after_s=1)
        if rpm is None:
            return
        now = self._clock()
        begun = self._begun.pop(key, deque())
        while begun and now - begun[0] >= WINDOW_S:
            begun.popleft()
        self._begun[key] = begun  # to the end of the order
        if len(begun) >= rpm:
            wait_s = WINDOW_S - (now - begun[0])
            words = f"The tool {tool.id!r} takes {rpm} calls a minute of each caller."
            raise RateLimited(f"{words} Try again in {wait_s:.0f} s.", retry_after_s=wait_s)
        begun.append(now)
        while len(self._begun) > MAX_CALLERS:
            del self._begun[next(iter(self._begun))]
