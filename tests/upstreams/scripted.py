"""A fake provider of any dialect: whatever is posted, wherever, has the next answer of its script."""

from collections import deque

from tests.upstreams.answers import Answer
from tests.upstreams.received import Received
from tests.upstreams.server import Upstream

__all__ = ["ScriptedUpstream"]


class ScriptedUpstream(Upstream):
    """`with ScriptedUpstream() as upstream:` listens on `upstream.base`; the last answer stays."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self._script = deque(answers)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def will_say(self, *answers: Answer) -> None:
        with self._changed:
            self._script = deque(answers)

    def received(self, request: Received) -> Answer:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            return self._script.popleft() if len(self._script) > 1 else self._script[0]
