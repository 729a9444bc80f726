"""An event that threads and any number of event loops can wait for."""

import asyncio
import threading

__all__ = ["Gate"]

PATIENCE_S = 30.0  # for a busy machine; what is waited for comes within milliseconds


class Gate:
    """Closed at first; `open()` lets everyone through, now and later. Safe from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    @property
    def is_open(self) -> bool:
        return self._event.is_set()

    def open(self) -> None:
        with self._lock:
            self._event.set()
            for loop, event in self._waiters:
                loop.call_soon_threadsafe(event.set)
            self._waiters.clear()

    def wait(self, timeout_s: float = PATIENCE_S) -> None:
        """Block this thread until the gate opens. Raises TimeoutError after `timeout_s`."""
        if not self._event.wait(timeout_s):
            raise TimeoutError(f"the gate was still closed after {timeout_s} s")

    async def arrival(self, timeout_s: float | None = PATIENCE_S) -> None:
        """Suspend this task until the gate opens. Raises TimeoutError after `timeout_s`."""
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            if self._event.is_set():
                return
            self._waiters.add(waiter)
        try:
            await asyncio.wait_for(waiter[1].wait(), timeout_s)
        finally:
            with self._lock:
                self._waiters.discard(waiter)
