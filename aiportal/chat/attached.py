"""An attachment as its owner sees it, and as the messages that it was sent with remember it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from aiportal.files import FileFacts, FileKind

__all__ = [
    "CHARS_PER_TOKEN",
    "MAX_SENT_BYTES",
    "AttachedFile",
    "Attachment",
    "attached_line",
    "token_estimate",
]

CHARS_PER_TOKEN: Final = 3  # on the safe side for most languages; no tokenizer is at hand
PIXELS_PER_TOKEN: Final = 750  # Anthropic's rule; others are near it
MAX_IMAGE_TOKENS: Final = 1_600
MAX_SENT_BYTES: Final = 20_000_000  # of files in one request: all of it is in memory
_MARKS: Final = re.compile(r"[\[\]*_`<>\s]+")


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """What a message remembers of a file. size: bytes of what is kept. tokens: estimated."""

    id: str
    name: str
    kind: FileKind
    media_type: str
    size: int
    tokens: int

    @property
    def sent_bytes(self) -> int:
        """About how many a model is sent of it."""
        return self.size if self.kind == "image" else self.tokens * CHARS_PER_TOKEN

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "AttachedFile":
        """Build one from what the column `messages.attachments` lists."""
        return cls(**{name: value[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of one owner. sha256: of what is kept, which for an image is not what was sent.

    characters: of its text. width, height: of an image, in pixels.
    """

    id: str
    name: str
    kind: FileKind
    media_type: str
    size: int
    sha256: str
    characters: int
    width: int
    height: int
    tokens: int
    created_at: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Attachment":
        """Build one from a row of the table `attachments`."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})

    @property
    def attached(self) -> AttachedFile:
        """What a message remembers of it."""
        known = asdict(self)
        return AttachedFile(**{name: known[name] for name in AttachedFile.__dataclass_fields__})


def token_estimate(facts: FileFacts) -> int:
    """Tokens that a file will be, rounded up."""
    if facts.kind == "image":
        return min(MAX_IMAGE_TOKENS, -(-facts.width * facts.height // PIXELS_PER_TOKEN))
    return -(-facts.characters // CHARS_PER_TOKEN)


def attached_line(names: Sequence[str]) -> str:
    """Markdown that names the files of a question; "" for none."""
    plain = [_MARKS.sub(" ", name).strip() for name in names]
    return f"*Attached: {', '.join(plain)}*" if plain else ""
