"""What was found in a file, and why one is not taken."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["CONTENT", "PREVIEW", "TEXT", "FileFacts", "FileKind", "FileRefused"]

FileKind = Literal["image", "text"]
# What the reading program writes into the folder that it is given.
CONTENT = "content"
PREVIEW = "preview"
TEXT = "text"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """kind: what a model is sent of it. characters: of its text, 0 for an image.

    width, height: of an image in pixels, as it is kept; 0 for a text.
    """

    kind: FileKind
    media_type: str
    characters: int = 0
    width: int = 0
    height: int = 0


class FileRefused(Exception):
    """Why a file is not taken, as the rest of a sentence that begins with its name."""
