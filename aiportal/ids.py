"""Identifiers that sort by the time they were made, so that new rows land at the end of an index."""

import random
import time

__all__ = ["new_id"]


def new_id(prefix: str) -> str:
    """`prefix_` + 16 hex digits of Unix nanoseconds + 16 random hex digits.

    Not a secret: whoever asks for a resource by its id is checked against its owner. So the digits
    need not come from the system, whose answer costs a tenth of relaying a small request.
    """
    return f"{prefix}_{time.time_ns():016x}{random.getrandbits(64):016x}"
