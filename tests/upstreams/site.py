"""A web site: pages by path, everything else 404. And names that lead where a test wants."""

from collections import deque
from collections.abc import Mapping, Sequence

from tests.upstreams.answers import Answer, plain
from tests.upstreams.received import Received
from tests.upstreams.server import Upstream

__all__ = ["PUBLIC", "Names", "Site", "html", "redirect"]

PUBLIC = "127.0.0.2"  # of loopback, too: a test opens it for its fetcher as if it were public


class Site(Upstream):
    """`with Site() as site:` listens on `site.base`. host: any address of loopback, 127.0.0.0/8."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__()
        self.host = host
        self._pages: dict[str, deque[Answer]] = {}

    @property
    def base(self) -> str:
        return f"http://{self.host}:{self.port}"

    def page(self, path: str, *answers: Answer) -> None:
        """Set what `path` answers, call by call, whatever the query; the last answer stays."""
        with self._changed:
            self._pages[path] = deque(answers)

    def clear(self) -> None:
        """Forget all pages."""
        with self._changed:
            self._pages.clear()

    def asked(self, path: str) -> Sequence[Received]:
        """The requests for `path`, without the query."""
        return [one for one in self.requests if one.path.partition("?")[0] == path]

    def received(self, request: Received) -> Answer:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            answers = self._pages.get(request.path.partition("?")[0])
            if not answers:
                return plain(b"not here", status=404, content_type="text/plain")
            return answers.popleft() if len(answers) > 1 else answers[0]


class Names:
    """A look-up of the test's own: each name has a list of answers, of which the last one stays."""

    def __init__(self, known: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._known = {name: deque(answers) for name, answers in known.items()}
        self.looked_up: list[str] = []

    async def addresses(self, host: str) -> Sequence[str]:
        self.looked_up.append(host)
        answers = self._known.get(host)
        if not answers:
            raise OSError("no such name")
        return answers.popleft() if len(answers) > 1 else answers[0]

    def close(self) -> None:
        """There is nothing to let go of."""


def html(text: str, *, content_type: str = "text/html; charset=utf-8") -> Answer:
    return plain(text.encode(), content_type=content_type)


def redirect(location: str, status: int = 302) -> Answer:
    return plain(b"", status=status, headers={"Location": location})
