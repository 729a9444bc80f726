"""How tokens and keys are stored."""

import hashlib

__all__ = ["digest"]


def digest(secret: str) -> bytes:
    """SHA-256. Enough, because what we hash has 256 random bits: there is nothing to guess."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
