"""How often growing answers are shown, and that what begins goes before them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from aiportal.routing import Precedence

__all__ = ["Pace"]

LEAST_S: Final = 0.1  # between two updates of a page: with more, the browser falls behind
UPDATES_PER_S: Final = 150  # of all pages together: more would keep the others waiting
SHOWING_SHARE: Final = (
    0.1  # of its time that a page may spend on showing: long ones update less often
)


class Pace:
    """Shared by all pages of a process. The more of them follow an answer, the less often each is
    updated; and they are updated after what begins."""

    def __init__(self, precedence: Precedence) -> None:
        self._precedence = precedence
        self._streams = 0

    @contextmanager
    def stream(self) -> Iterator[None]:
        """A page follows an answer."""
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1

    def beginning(self) -> AbstractContextManager[None]:
        """Somebody waits for what happens inside."""
        return self._precedence.beginning()

    def rest_s(self, spent_s: float) -> float:
        """Seconds between two updates of a page, of which the last has taken so many."""
        return max(LEAST_S, spent_s / SHOWING_SHARE, self._streams / UPDATES_PER_S)

    async def rest(self, spent_s: float) -> None:
        """Wait that long, or longer where many answers grow, and then for what begins."""
        await self._precedence.rest(self.rest_s(spent_s))
