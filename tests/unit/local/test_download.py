from pathlib import Path

import pytest

from aiportal.errors import ModelUnavailable
from aiportal.local.download import Download, Patience
from aiportal.local.progress import PullProgress
from tests.unit.local.files import FileServer

CONTENT = bytes(range(256)) * 4_000
# More than a client buffers: what was buffered when the connection broke is lost.
HALF = 600_000
HASTY = Patience(connect_s=5, silent_s=5, tries=2, pause_s=0)


def _download(server: FileServer, part: Path, *, limit_bytes: int = 10**7) -> Download:
    url = f"{server.url}/tiny.gguf"
    return Download(url, part, limit_bytes=limit_bytes, on_progress=_ignore, patience=HASTY)


def _content(part: Path) -> bytes:
    return part.read_bytes()


def _start(asked: str | None) -> int:
    return 0 if asked is None else int(asked.removeprefix("bytes=").rstrip("-"))


def _ignore(progress: PullProgress) -> None:
    pass


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "tiny.gguf.part"


async def test_a_file_arrives_whole_and_progress_is_told(part: Path) -> None:
    told: list[PullProgress] = []
    async with FileServer(CONTENT).serving() as server:
        download = Download(server.url, part, limit_bytes=10**7, on_progress=told.append)
        assert await download.run() is None
    assert _content(part) == CONTENT
    assert told[-1] == PullProgress("fetching", len(CONTENT), len(CONTENT))


async def test_a_cut_connection_is_taken_up_where_it_broke_off(part: Path) -> None:
    async with FileServer(CONTENT, cuts=[HALF]).serving() as server:
        await _download(server, part).run()
    assert _content(part) == CONTENT
    assert [_start(asked) > 0 for asked in server.ranges] == [False, True]


async def test_a_later_call_goes_on_where_the_last_one_gave_up(part: Path) -> None:
    async with FileServer(CONTENT, cuts=[HALF, 0, 0, 0]).serving() as server:
        with pytest.raises(ModelUnavailable, match="what has arrived is kept"):
            await _download(server, part).run()
        server.cuts.clear()
        await _download(server, part).run()
    assert _content(part) == CONTENT
    assert _start(server.ranges[-1]) > 0


async def test_a_server_that_ignores_ranges_starts_again(part: Path) -> None:
    async with FileServer(CONTENT, cuts=[HALF], knows_ranges=False).serving() as server:
        await _download(server, part).run()
    assert _content(part) == CONTENT


async def test_halves_of_two_versions_are_not_joined(part: Path) -> None:
    async with FileServer(b"old" * 400_000, cuts=[HALF, 0, 0, 0]).serving() as server:
        with pytest.raises(ModelUnavailable):
            await _download(server, part).run()
        server.cuts.clear()
        server.content, server.etag = CONTENT, '"v2"'
        await _download(server, part).run()
    assert _content(part) == CONTENT


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
async def test_without_a_strong_version_it_starts_again(etag: str, part: Path) -> None:
    async with FileServer(CONTENT, cuts=[HALF], etag=etag).serving() as server:
        await _download(server, part).run()
    assert _content(part) == CONTENT
    assert server.ranges == [None, None]


async def test_a_part_that_is_whole_already_is_taken_as_it_is(part: Path) -> None:
    async with FileServer(CONTENT).serving() as server:
        await _download(server, part).run()
        await _download(server, part).run()
    assert _content(part) == CONTENT
    assert server.ranges == [None, f"bytes={len(CONTENT)}-"]


async def test_a_part_that_is_longer_than_the_file_is_dropped(part: Path) -> None:
    async with FileServer(CONTENT).serving() as server:
        await _download(server, part).run()
        server.content = CONTENT[:HALF]
        await _download(server, part).run()
    assert _content(part) == CONTENT[:HALF]


async def test_a_passing_failure_of_the_server_is_waited_for(part: Path) -> None:
    async with FileServer(CONTENT, statuses=[503, 429]).serving() as server:
        await _download(server, part).run()
    assert _content(part) == CONTENT


@pytest.mark.parametrize(("status", "advice"), [(404, "file name"), (403, "path:"), (400, "later")])
async def test_a_refusal_is_told_at_once_with_what_to_do(
    status: int, advice: str, part: Path
) -> None:
    async with FileServer(CONTENT, statuses=[status] * 9).serving() as server:
        with pytest.raises(ModelUnavailable, match=f"answered {status}.*{advice}"):
            await _download(server, part).run()
    assert len(server.ranges) == 1


async def test_nobody_there_is_told_with_what_to_do(part: Path) -> None:
    async with FileServer(CONTENT).serving() as server:
        download = _download(server, part)
    with pytest.raises(ModelUnavailable, match="Check the connection"):
        await download.run()


async def test_a_server_that_falls_silent_is_left(part: Path) -> None:
    async with FileServer(CONTENT, gate_at=HALF).serving() as server:
        server.gate.clear()
        patience = Patience(connect_s=5, silent_s=0.1, tries=0, pause_s=0)
        download = Download(
            server.url, part, limit_bytes=10**7, on_progress=_ignore, patience=patience
        )
        with pytest.raises(ModelUnavailable, match="too long"):
            await download.run()
        server.gate.set()
        await _download(server, part).run()


async def test_more_than_the_limit_is_refused(part: Path) -> None:
    async with FileServer(CONTENT).serving() as server:
        with pytest.raises(ModelUnavailable, match="larger than the 100 bytes"):
            await _download(server, part, limit_bytes=100).run()
    assert _content(part) == b""


async def test_a_file_without_room_on_the_disk_is_not_begun(part: Path) -> None:
    async with FileServer(b"", headers={"Content-Length": str(10**18)}).serving() as server:
        with pytest.raises(ModelUnavailable, match="GB free"):
            await _download(server, part, limit_bytes=10**19).run()


async def test_a_redirect_is_followed_on_loopback(part: Path) -> None:
    async with (
        FileServer(CONTENT).serving() as store,
        FileServer(b"", redirect=f"{store.url}/blob").serving() as hub,
    ):
        await _download(hub, part).run()
    assert _content(part) == CONTENT


@pytest.mark.parametrize("target", ["http://weights.example/x", "file:///etc/passwd"])
async def test_a_redirect_to_what_is_not_https_is_not_followed(target: str, part: Path) -> None:
    async with FileServer(b"", redirect=target).serving() as server:
        with pytest.raises(ModelUnavailable, match="which is not https"):
            await _download(server, part).run()


async def test_a_circle_of_redirects_ends(part: Path) -> None:
    async with FileServer(b"", redirect="/again").serving() as server:
        with pytest.raises(ModelUnavailable, match="more than 10 times"):
            await _download(server, part).run()


async def test_the_sum_that_the_hub_states_beside_its_redirect_is_returned(part: Path) -> None:
    stated = {"X-Linked-Etag": f'"{"a" * 64}"'}
    async with (
        FileServer(CONTENT, headers={"X-Linked-Etag": f'"{"b" * 64}"'}).serving() as store,
        FileServer(b"", redirect=f"{store.url}/blob", headers=stated).serving() as hub,
    ):
        assert await _download(hub, part).run() == "a" * 64
