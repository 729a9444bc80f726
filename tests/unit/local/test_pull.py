import asyncio
import hashlib
import sys
from pathlib import Path

import pytest

from aiportal.errors import ConfigError, ModelUnavailable
from aiportal.local import PullProgress, Weights, is_being_pulled, pull, weights_path
from aiportal.local.download import Patience
from tests.unit.local.files import FileServer

CONTENT = b"GGUF" + bytes(range(256)) * 400
HASTY = Patience(connect_s=5, silent_s=5, tries=1, pause_s=0)
PULL_IN_A_PROCESS = """
import asyncio, sys
from pathlib import Path
from aiportal.local import Weights, pull
weights = Weights(sys.argv[1], sha256=sys.argv[2])
print(asyncio.run(pull(weights, Path(sys.argv[3]), on_progress=lambda progress: None)))
"""


def _ignore(progress: PullProgress) -> None:
    pass


def _parts(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


async def _there(weights: Weights, cache_dir: Path) -> Path | None:
    return await asyncio.to_thread(weights_path, weights, cache_dir)


async def test_what_was_pulled_is_there_and_whole(tmp_path: Path) -> None:
    told: list[PullProgress] = []
    async with FileServer(CONTENT).serving() as server:
        weights = Weights(f"{server.url}/tiny.gguf", sha256=server.sha256)
        path = await pull(weights, tmp_path, on_progress=told.append)
    assert path.read_bytes() == CONTENT
    assert await _there(weights, tmp_path) == path
    assert [one.stage for one in told] == ["fetching", "verifying", "done"]
    assert told[-1].sha256 == hashlib.sha256(CONTENT).hexdigest()


async def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    async with FileServer(CONTENT).serving() as server:
        weights = Weights(f"{server.url}/tiny.gguf")
        first = await pull(weights, tmp_path, on_progress=_ignore)
        assert await pull(weights, tmp_path, on_progress=_ignore) == first
    assert len(server.ranges) == 1


async def test_another_sum_than_the_config_wants_is_deleted(tmp_path: Path) -> None:
    async with FileServer(CONTENT).serving() as server:
        weights = Weights(f"{server.url}/tiny.gguf", sha256="a" * 64)
        with pytest.raises(ModelUnavailable, match=f"SHA-256 {server.sha256}.*{'a' * 64}"):
            await pull(weights, tmp_path, on_progress=_ignore)
    assert await _there(weights, tmp_path) is None
    assert _parts(tmp_path) == []


async def test_a_hub_file_is_held_against_the_sum_that_the_hub_states(tmp_path: Path) -> None:
    weights = Weights("hf:some/repo/tiny.gguf")
    async with FileServer(CONTENT, headers={"X-Linked-Etag": "a" * 64}).serving() as hub:
        with pytest.raises(ModelUnavailable, match="was expected"):
            await pull(weights, tmp_path, on_progress=_ignore, hub_url=hub.url)
        hub.headers = {"X-Linked-Etag": f'"{hub.sha256}"'}
        path = await pull(weights, tmp_path, on_progress=_ignore, hub_url=hub.url)
    assert path == tmp_path / "weights/hf/some/repo/main/tiny.gguf"


async def test_what_is_no_gguf_is_not_kept(tmp_path: Path) -> None:
    async with FileServer(b"<html>Sign in to the network</html>").serving() as server:
        weights = Weights(f"{server.url}/tiny.gguf")
        with pytest.raises(ConfigError, match="not a GGUF"):
            await pull(weights, tmp_path, on_progress=_ignore)
    assert await _there(weights, tmp_path) is None


async def test_the_size_in_the_config_bounds_what_is_fetched(tmp_path: Path) -> None:
    async with FileServer(CONTENT).serving() as server:
        weights = Weights(server.url, sha256=server.sha256, size_bytes=100)
        with pytest.raises(ModelUnavailable, match="larger than the 100 bytes"):
            await pull(weights, tmp_path, on_progress=_ignore)


async def test_many_who_ask_at_once_share_one_fetch(tmp_path: Path) -> None:
    waits = asyncio.Event()

    def tell(progress: PullProgress) -> None:
        if progress.stage == "waiting":
            waits.set()

    async with FileServer(CONTENT, gate_at=1_000).serving() as server:
        weights = Weights(f"{server.url}/tiny.gguf", sha256=server.sha256)
        server.gate.clear()
        first = asyncio.create_task(pull(weights, tmp_path, on_progress=_ignore))
        await server.is_held.wait()
        others = [asyncio.create_task(pull(weights, tmp_path, on_progress=tell)) for _ in range(3)]
        await waits.wait()
        assert await asyncio.to_thread(is_being_pulled, weights, tmp_path)
        server.gate.set()
        paths = await asyncio.gather(first, *others)
    assert len(set(paths)) == 1
    assert len(server.ranges) == 1
    assert not await asyncio.to_thread(is_being_pulled, weights, tmp_path)


async def test_processes_that_pull_at_once_share_one_fetch(tmp_path: Path) -> None:
    async with FileServer(CONTENT, gate_at=1_000).serving() as server:
        server.gate.clear()
        arguments = (f"{server.url}/tiny.gguf", server.sha256, str(tmp_path))
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                PULL_IN_A_PROCESS,
                *arguments,
                stdout=asyncio.subprocess.PIPE,
                cwd=Path(__file__).parents[3],
            )
            for _ in range(3)
        ]
        await server.is_held.wait()
        server.gate.set()
        outputs = await asyncio.gather(*(process.communicate() for process in processes))
    assert {process.returncode for process in processes} == {0}
    assert len({output for output, _ in outputs}) == 1
    assert len(server.ranges) == 1


async def test_a_pull_that_was_cancelled_is_taken_up_by_the_next(tmp_path: Path) -> None:
    async with FileServer(CONTENT, gate_at=1_000).serving() as server:
        weights = Weights(f"{server.url}/tiny.gguf", sha256=server.sha256)
        server.gate.clear()
        arrived = asyncio.Event()
        task = asyncio.create_task(
            pull(weights, tmp_path, on_progress=lambda progress: arrived.set())
        )
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        server.gate.set()
        path = await pull(weights, tmp_path, on_progress=_ignore)
    assert path.read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=1000-"]


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "weights").write_text("a file where a folder has to be")
    async with FileServer(CONTENT).serving() as server:
        with pytest.raises(ModelUnavailable, match="AIPORTAL_CACHE_DIR"):
            await pull(Weights(server.url), tmp_path, on_progress=_ignore, patience=HASTY)


async def test_a_file_of_ones_own_stays_where_it_is(tmp_path: Path) -> None:
    own = tmp_path / "mine.gguf"
    own.write_bytes(CONTENT)
    assert await pull(Weights(f"path:{own}"), tmp_path / "c", on_progress=_ignore) == own
    assert not (tmp_path / "c").exists()
    with pytest.raises(ConfigError, match="cannot be read"):
        await pull(Weights("path:/nowhere/x.gguf"), tmp_path, on_progress=_ignore)
