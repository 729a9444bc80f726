"""One event loop in one thread: what a notebook's cells, sync or async, run the portal on.

A kernel has a loop of its own already, and pools and locks must not be bound to two: all work of
the notebook's door happens on this one.
"""

import asyncio
import atexit
import os
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import aclosing, suppress
from functools import lru_cache
from typing import Any, Generic, TypeVar

from aiportal.errors import InternalError

__all__ = ["BackgroundLoop", "Pump", "at_exit", "process_loop"]

T = TypeVar("T")
_QUEUE_SIZE = 256  # pieces that may wait for a slow reader before the upstream is held back
_CLOSE_TIMEOUT_S = 10


class BackgroundLoop:
    """A loop in a daemon thread of its own. Started by its maker, ended by `close`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="aiportal-loop", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Start the coroutine on the loop, in the caller's context variables.

        Cancelling the future cancels the coroutine.
        """
        self._refuse_own_thread(coroutine)
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Wait for the result here. An interrupt (the kernel's Stop, Ctrl-C) cancels the work."""
        self._refuse_own_thread(coroutine)
        stop = _Stop()
        try:
            return self.submit(stop.guard(coroutine)).result()
        except BaseException:
            self.call_soon(stop.cancel)
            raise

    async def wrap(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Await the result from any other loop. Cancelling the caller cancels the work."""
        return await asyncio.wrap_future(self.submit(coroutine))

    def _refuse_own_thread(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise InternalError(
                "A call of the notebook's portal was made from the portal's own loop, where it "
                "would wait for itself. Make it from your own code's thread."
            )

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Have the loop call it; not waited for. Nothing happens after `close`."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback)

    def close(self) -> None:
        """Cancel what still runs, then end the thread. A second call does nothing."""
        if self._loop.is_closed():
            return
        with suppress(TimeoutError):
            self.submit(_cancel_all()).result(_CLOSE_TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_TIMEOUT_S)
        self._loop.close()


class _Stop:
    """Cancels one piece of work, also if the interrupt comes before its future is in hand."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Any] | None = None
        self._is_cancelled = False

    async def guard(self, coroutine: Coroutine[Any, Any, T]) -> T:
        self._task = asyncio.current_task()
        if self._is_cancelled:
            coroutine.close()
            raise asyncio.CancelledError
        return await coroutine

    def cancel(self) -> None:
        """To be called on the loop."""
        self._is_cancelled = True
        if self._task is not None:
            self._task.cancel()


async def _cancel_all() -> None:
    """Cancel every other task of this loop and wait until each has tidied up."""
    own = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not own]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()


def process_loop() -> BackgroundLoop:
    """The loop that all portals of this process share; a forked child gets one of its own.

    It lives as long as the process: its thread is a daemon and holds nothing by itself.
    """
    return _loop_of(os.getpid())


@lru_cache(maxsize=1)
def _loop_of(pid: int) -> BackgroundLoop:  # noqa: ARG001 - the key of the cache
    return BackgroundLoop()


def at_exit(close: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Have this process's loop do `close` at the end, while thread pools can still be used.

    The standard library's `atexit` comes after their end, and has no public name for what is before.
    """
    loop, pid = process_loop(), os.getpid()

    def run_here() -> None:
        if os.getpid() == pid:  # a forked child has the list, but not the loop's thread
            loop.run(close())

    register = getattr(threading, "_register_atexit", atexit.register)
    register(run_here)


class Pump(Generic[T]):
    """Runs an async iteration as one task of the loop; sync and async readers get its items.

    One task from the first item to the last: time-outs and cancel scopes inside stay whole.
    It starts at the first read and ends with the iteration, with `close`, or with a reader that is
    interrupted while it waits.
    """

    def __init__(self, loop: BackgroundLoop, source: AsyncGenerator[T, None]) -> None:
        self._loop = loop
        self._source = source
        self._items: asyncio.Queue[T] = asyncio.Queue(_QUEUE_SIZE)
        self._task: asyncio.Task[None] | None = None

    async def _forward(self) -> None:
        async with aclosing(self._source):
            async for item in self._source:
                await self._items.put(item)

    async def _next(self) -> T | None:
        if self._task is None:
            self._task = asyncio.create_task(self._forward())
        getter = asyncio.ensure_future(self._items.get())
        try:
            await asyncio.wait({getter, self._task}, return_when=asyncio.FIRST_COMPLETED)
            if getter.done():
                return getter.result()
        finally:
            getter.cancel()
        if not self._items.empty():
            return self._items.get_nowait()
        if not self._task.cancelled():
            self._task.result()
        return None

    async def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def read(self) -> T | None:
        """The next item, waited for here; None after the last."""
        try:
            return self._loop.run(self._next())
        except BaseException:
            self.abandon()
            raise

    async def aread(self) -> T | None:
        """The next item, awaited from any other loop; None after the last."""
        try:
            return await self._loop.wrap(self._next())
        except BaseException:
            self.abandon()
            raise

    def close(self) -> None:
        """End the iteration early and wait until it has tidied up."""
        self._loop.run(self._cancel())

    async def aclose(self) -> None:
        """As `close`, from any other loop."""
        await self._loop.wrap(self._cancel())

    def abandon(self) -> None:
        """End the iteration without waiting: for readers that are dropped half-way."""
        if self._task is not None and not self._task.done():
            self._loop.call_soon(self._task.cancel)
