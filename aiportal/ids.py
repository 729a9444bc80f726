"""Identifiers that sort by the time they were made, so that new rows land at the end of an index."""

import os
import time

__all__ = ["new_id"]


def new_id(prefix: str) -> str:
    """`prefix_` + 12 hex digits of Unix milliseconds + 20 random hex digits (80 bits)."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"
