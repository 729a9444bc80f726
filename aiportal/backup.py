"""The data folder as one file, and back: the database, the secrets, the model config, attached files.

A backup is a gzipped tar archive: a line about itself first, then the files under their names in
the data folder. Only those names are ever unpacked.
"""

import gzip
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from aiportal.chat.turn_host import is_in_use
from aiportal.errors import ConfigError, Conflict, InvalidRequest, NotFound
from aiportal.settings import Settings
from aiportal.store.copies import check_copy, copy_database, release_database
from aiportal.store.exchange import Exchange
from aiportal.timestamps import now_text

__all__ = ["Backup", "back_up", "restore"]

ABOUT = "aiportal-backup.json"
FORMAT = 1
DATABASE = "aiportal.db"
SECRETS = ("jwt_secret",)
CONFIGS = ("model_config", "tools")
ATTACHMENTS = "attachments"
SIDE_FILES = tuple(f"{DATABASE}-{suffix}" for suffix in ("wal", "shm", "journal"))
WORKPLACE = ".restore"  # in the data folder; one restore at a time
MAX_CONFIGS = 5_000
MAX_FILES = 1_000_000
MAX_ABOUT_BYTES = 4096
MAX_PADDING_BYTES = 64 * 1024  # zeros at the end of a tar archive
_DAMAGED = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError)


@dataclass(frozen=True, slots=True)
class Backup:
    """created_at: ISO text, UTC. version: of the database. parts: names in the data folder."""

    file: Path
    created_at: str
    version: int
    parts: tuple[str, ...]


def back_up(settings: Settings, file: Path) -> Backup:
    """Write a backup of the data folder to `file` (mode 0600), also while a portal runs on it.

    Raises NotFound without a database, Conflict if `file` is there, ConfigError, DatabaseUnavailable.
    """
    if not settings.database_path.exists():
        raise NotFound("There is no database yet: nothing to back up.")
    if file.exists():
        raise Conflict(f"{file} is there already. Remove it, or name another file.")
    created_at = now_text()
    about = json.dumps({"format": FORMAT, "created_at": created_at}).encode()
    with _file_errors(file), TemporaryDirectory(prefix=".backup-", dir=file.parent) as folder:
        copy, archive = Path(folder, DATABASE), Path(folder, "archive")
        copy_database(settings.database_path, copy)
        version = check_copy(copy)
        parts = _pack(archive, copy, settings.data_dir, about)
        archive.replace(file)
    return Backup(file, created_at, version, parts)


def restore(settings: Settings, file: Path) -> Backup:
    """Put a backup in the place of what the data folder holds of its kind. All of it or nothing.

    Raises Conflict while a portal runs on the data folder, InvalidRequest for a file that is no
    whole backup, ConfigError for a newer portal's and for files that cannot be read or written.
    """
    if not file.is_file():
        raise NotFound(f"There is no file {file}.")
    with _file_errors(settings.data_dir):
        settings.make_data_dir()
        _refuse_use(settings)
        with _workplace(settings.data_dir) as workplace:
            new, old = workplace / "new", workplace / "old"
            about, parts = _unpack(file, new)
            version = check_copy(new / DATABASE)
            _refuse_use(settings)
            release_database(settings.database_path)
            Exchange(settings.data_dir, new=new, old=old).run(parts, without=SIDE_FILES)
    return Backup(file, about["created_at"], version, parts)


def _refuse_use(settings: Settings) -> None:
    if is_in_use(settings.data_dir / "turn-hosts"):
        raise Conflict(
            f"A portal runs on {settings.data_dir}: a server, a notebook or another command. "
            "Stop it, then try again."
        )


@contextmanager
def _workplace(data_dir: Path) -> Iterator[Path]:
    """A folder for one restore. It is gone afterwards, unless the process dies."""
    workplace = data_dir / WORKPLACE
    try:
        workplace.mkdir(mode=0o700)
    except FileExistsError as error:
        raise Conflict(
            f"{workplace} is there: another restore runs, or one was broken off, and `old` in it "
            "is what that one replaced. Remove the folder, then try again."
        ) from error
    try:
        (workplace / "new").mkdir()
        (workplace / "old").mkdir()
        yield workplace
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


@contextmanager
def _file_errors(place: Path) -> Iterator[None]:
    """What the system says about files, in our words."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"Nothing was changed, for lack of a file, a right or room at "
            f"{error.filename or place}: {error.strerror or error}."
        ) from error


def _pack(archive: Path, database: Path, data_dir: Path, about: bytes) -> tuple[str, ...]:
    """Write the archive; the parts in the order in which they are put back, the database last."""
    configs = [path for name in CONFIGS for path in _configs(data_dir / name)]
    attached = list(_attached(data_dir / ATTACHMENTS))
    secrets = [data_dir / name for name in SECRETS if (data_dir / name).is_file()]
    descriptor = os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as raw:
        with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as tar:
            tar.addfile(_entry(ABOUT, len(about)), BytesIO(about))
            for path in configs:
                _add(tar, path, data_dir)
            for path in attached:
                with suppress(FileNotFoundError):  # deleted by its owner meanwhile
                    _add(tar, path, data_dir)
            for path in secrets:
                _add(tar, path, data_dir)
            with database.open("rb") as copy:
                tar.addfile(_entry(DATABASE, database.stat().st_size), copy)
        raw.flush()
        os.fsync(raw.fileno())
    written = {path.relative_to(data_dir).parts[0] for path in (*configs, *attached)}
    folders = [name for name in (*CONFIGS, ATTACHMENTS) if name in written]
    return (*folders, *(path.name for path in secrets), DATABASE)


def _add(tar: tarfile.TarFile, path: Path, data_dir: Path) -> None:
    content = path.read_bytes()
    tar.addfile(_entry(path.relative_to(data_dir).as_posix(), len(content)), BytesIO(content))


def _configs(folder: Path) -> list[Path]:
    """The files of a folder of configs. Raises ConfigError for too many."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    if len(files) > MAX_CONFIGS:
        raise ConfigError(f"{folder} has {len(files)} files: too many.")
    return files


def _attached(folder: Path) -> Iterator[Path]:
    """What is kept of attached files; what is still coming in is no part of the backup."""
    for shelf in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not shelf.name.startswith(".") and shelf.is_dir():
            yield from (path for path in sorted(shelf.iterdir()) if path.is_file())


def _entry(name: str, size_bytes: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size_bytes, 0o600
    return entry


def _unpack(file: Path, folder: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Unpack what belongs into a backup; what it says of itself, and its parts."""
    try:
        with gzip.open(file) as content, tarfile.open(fileobj=content, mode="r:") as tar:
            about = _about(tar, file)
            _extract(tar, folder)
            if len(content.read(MAX_PADDING_BYTES + 1)) > MAX_PADDING_BYTES:  # checks the checksum
                raise InvalidRequest(f"{file} is not a backup of AI Portal: more follows it.")
    except _DAMAGED as error:
        raise InvalidRequest(f"{file} is not a backup of AI Portal, or damaged.") from error
    parts = [
        name for name in (*CONFIGS, ATTACHMENTS, *SECRETS, DATABASE) if (folder / name).exists()
    ]
    if DATABASE not in parts:
        raise InvalidRequest(f"{file} is not whole: it holds no database.")
    return about, tuple(parts)


def _about(tar: tarfile.TarFile, file: Path) -> dict[str, Any]:
    first = tar.next()
    content = None
    if first is not None and first.name == ABOUT and first.size <= MAX_ABOUT_BYTES:
        content = tar.extractfile(first)
    try:
        about = json.loads(content.read()) if content is not None else {}
    except ValueError:
        about = {}
    match about:
        case {"format": int(number)} if number > FORMAT:
            raise ConfigError(f"A newer portal has written {file}. Update this one.")
        case {"format": int(), "created_at": str()}:
            return dict(about)
    raise InvalidRequest(f"{file} is not a backup of AI Portal.")


def _extract(tar: tarfile.TarFile, folder: Path) -> None:
    """Unpack file by file, each looked at before, no more than the disk has room for."""
    room = shutil.disk_usage(folder).free
    seen = {ABOUT}
    while (entry := tar.next()) is not None:
        room -= entry.size
        if room < 0 or len(seen) > MAX_FILES:
            raise InvalidRequest("The backup is larger than the room on the disk allows.")
        if entry.name in seen or not entry.isreg() or not _belongs(entry.name):
            raise InvalidRequest(f"{entry.name!r} does not belong into a backup.")
        seen.add(entry.name)
        tar.extract(entry, folder, set_attrs=False, filter="data")
        (folder / entry.name).chmod(0o600)


def _belongs(name: str) -> bool:
    path = PurePosixPath(name)
    if name in (DATABASE, *SECRETS):
        return True
    is_plain = path.as_posix() == name and ".." not in path.parts and "\0" not in name
    return is_plain and len(path.parts) > 1 and path.parts[0] in (*CONFIGS, ATTACHMENTS)
