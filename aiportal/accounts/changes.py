"""How an update tells "leave it as it is" from "make it empty"."""

from enum import Enum
from typing import Final, Literal

__all__ = ["KEEP", "Keep"]


class Keep(Enum):
    """Its one member is the default of every field that an update may leave alone."""

    KEEP = "keep"


KEEP: Final[Literal[Keep.KEEP]] = Keep.KEEP
