"""SIGKILL at any moment: an answer whose end a caller got has its row, once, and the file is whole."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from aiportal.settings import Settings
from tests.integration.calls import CHAT, chat_body
from tests.loopback import NO_TLS
from tests.running import PortalProcess, make_key

ROUNDS = 8
CALLERS = 16
ENOUGH = 40  # answers before the kill, and one more each round
LOCKED_S = 0.4
LOCKER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


class _Traffic:
    """Callers that call one after the other until the server dies; notes the ids of whole answers."""

    def __init__(self, server: PortalProcess, enough: int) -> None:
        self._server = server
        self._enough = enough
        self.ended: list[str] = []
        self._some_ended = asyncio.Event()

    async def run(self) -> None:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            verify=NO_TLS,
            base_url=self._server.url,
            headers=self._server.headers,
            limits=limits,
            timeout=20,
        ) as client:
            await asyncio.gather(*(self._call(client, i % 2 == 0) for i in range(CALLERS)))

    async def _call(self, client: httpx.AsyncClient, is_stream: bool) -> None:
        with suppress(httpx.TransportError):  # the kill
            while True:
                body = b""
                async with client.stream("POST", CHAT, json=chat_body(stream=is_stream)) as answer:
                    assert answer.status_code == 200, await answer.aread()
                    async for piece in answer.aiter_raw():
                        body += piece
                        if is_stream and body.endswith(b"data: [DONE]\n\n"):
                            self._note(answer)
                if not is_stream:
                    self._note(answer)

    def _note(self, answer: httpx.Response) -> None:
        self.ended.append(answer.headers["x-request-id"])
        if len(self.ended) >= self._enough:
            self._some_ended.set()

    async def some_ended(self) -> None:
        """Wait until there is real traffic."""
        await asyncio.wait_for(self._some_ended.wait(), 20)


@contextmanager
def _locked(database: Path) -> Iterator[None]:
    """The database is write-locked by another process while the block runs."""
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("the locker has no pipes")
        process.stdout.readline()
        yield
        process.stdin.close()


async def _kill_in_traffic(server: PortalProcess, enough: int, lock: Path | None) -> list[str]:
    """Kill the server while callers call; the ids of the answers that ended before."""
    traffic = _Traffic(server, enough)
    running = asyncio.create_task(traffic.run())
    some = asyncio.create_task(traffic.some_ended())
    await asyncio.wait({running, some}, return_when=asyncio.FIRST_COMPLETED)
    if lock is None:
        server.kill()
    else:
        with _locked(lock):
            await asyncio.sleep(LOCKED_S)
            server.kill()
    await asyncio.gather(running, some)
    return traffic.ended


def _rows(database: Path) -> dict[str, int]:
    """Rows by request id, of a database that must be whole."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        query = "SELECT request_id, count(*) FROM usage GROUP BY 1"
        return dict(connection.execute(query).fetchall())


@pytest.mark.timeout(600)
def test_no_finished_answer_lacks_its_row(wired_settings: Settings) -> None:
    key = asyncio.run(make_key(wired_settings))
    database = wired_settings.database_path
    ended: list[str] = []
    for number in range(ROUNDS):
        server = PortalProcess(wired_settings, key=key, has_pages=False)
        server.start()
        lock = database if number % 2 else None
        ended += asyncio.run(_kill_in_traffic(server, ENOUGH + number, lock))
        rows = _rows(database)
        assert [request_id for request_id in ended if rows.get(request_id) != 1] == []
    assert len(ended) == len(set(ended)) >= ROUNDS * ENOUGH
