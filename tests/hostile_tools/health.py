"""/health, asked all along."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.loopback import NO_TLS

__all__ = ["Health"]

_PAUSE_S = 0.05
_TIMEOUT_S = 30


class Health:
    """answered: how often it did. failed: what came instead. slowest_s: the longest wait."""

    def __init__(self) -> None:
        self.answered = 0
        self.failed: list[str] = []
        self.slowest_s = 0.0

    @contextmanager
    def asked(self, url: str) -> Iterator[None]:
        """In a thread, until the context is left."""
        over = threading.Event()
        thread = threading.Thread(target=self._ask, args=(url, over))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _ask(self, url: str, over: threading.Event) -> None:
        with httpx.Client(verify=NO_TLS, base_url=url, timeout=_TIMEOUT_S) as client:
            while not over.wait(_PAUSE_S):
                begun = time.monotonic()
                try:
                    status = client.get("/health").status_code
                except httpx.HTTPError as error:
                    self.failed.append(repr(error))
                    continue
                self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
                if status == 200:
                    self.answered += 1
                else:
                    self.failed.append(str(status))
