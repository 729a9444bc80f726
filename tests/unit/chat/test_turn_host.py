"""A process is known to run as long as it does, and not longer."""

import asyncio
import os
import sys
from pathlib import Path

from aiportal.chat.turn_host import TurnHost

ROOT = Path(__file__).parents[3]
SCRIPT = """
import asyncio, sys
from pathlib import Path
from aiportal.chat.turn_host import TurnHost

async def main():
    async with TurnHost(Path(sys.argv[1])) as host:
        print(host.id, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_host_is_alive_until_it_ends(tmp_path: Path) -> None:
    async with TurnHost(tmp_path) as one:
        async with TurnHost(tmp_path) as two:
            assert await one.dead({two.id, one.id}) == set()
        assert await one.dead({two.id, one.id}) == {two.id}


async def test_a_killed_process_is_dead_at_once(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SCRIPT,
        str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    host_id = (await process.stdout.readline()).decode().strip() if process.stdout else ""
    async with TurnHost(tmp_path) as host:
        assert await host.dead({host_id}) == set()
        process.kill()
        await process.wait()
        assert await host.dead({host_id}) == {host_id}


async def test_files_of_processes_long_gone_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "turn-hosts"
    folder.mkdir()
    left = folder / "host_old.lock"
    left.touch()
    os.utime(left, (0, 0))

    async with TurnHost(folder) as host:
        assert _names(folder) == [f"{host.id}.lock"]
    assert _names(folder) == []


def _names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]
