"""The calls of tools that run now, so that a later request can take one back."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["CallKey", "RunningCalls"]


@dataclass(frozen=True, slots=True)
class CallKey:
    """user_id: of the caller, so that nobody ends another's call. session: the name that we gave the
    client, empty for one that has none. request_id: as the client numbered it."""

    user_id: str
    session: str
    request_id: str | int


class RunningCalls:
    """Of one portal. It holds what runs, no more."""

    def __init__(self) -> None:
        self._tasks: dict[CallKey, asyncio.Task[object]] = {}

    @contextmanager
    def listed(self, key: CallKey, task: "asyncio.Task[object]") -> Iterator[None]:
        """Inside, `cancel` finds the task; a call without a session is never listed."""
        is_listed = bool(key.session) and key not in self._tasks
        if is_listed:
            self._tasks[key] = task
        try:
            yield
        finally:
            if is_listed:
                del self._tasks[key]

    def cancel(self, key: CallKey) -> None:
        """End a call; nothing where it has ended already, or runs in another replica."""
        task = self._tasks.get(key)
        if task is not None:
            task.cancel()

    def cancel_session(self, user_id: str, session: str) -> None:
        """End all calls of a client that says goodbye."""
        for key, task in list(self._tasks.items()):
            if (key.user_id, key.session) == (user_id, session):
                task.cancel()
