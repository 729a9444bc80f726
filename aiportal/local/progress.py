"""How far the fetching of weights has come."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

__all__ = ["OnProgress", "PullProgress", "Stage"]

Stage = Literal["waiting", "fetching", "unpacking", "verifying", "done"]


@dataclass(frozen=True, slots=True)
class PullProgress:
    """stage `waiting`: another process or task is fetching the same file, and is that far.

    total_bytes: None until it is known. sha256: what the file turned out to have, with `done`.
    """

    stage: Stage
    done_bytes: int
    total_bytes: int | None
    sha256: str | None = None


OnProgress = Callable[[PullProgress], None]
