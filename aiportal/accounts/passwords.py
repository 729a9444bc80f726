"""Passwords: the rules for new ones, and argon2id off the event loop."""

import asyncio
import unicodedata
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import (
    HashingError,
    InvalidHashError,
    VerificationError,
    VerifyMismatchError,
)

from aiportal.errors import InvalidRequest, ServiceUnavailable

__all__ = ["PasswordVerdict", "Passwords", "check_rules"]

MIN_CHARS = 8
MAX_CHARS = 1000
_AT_ONCE = 2  # a hash takes 64 MiB and a core for about 0.1 s


@dataclass(frozen=True, slots=True)
class PasswordVerdict:
    """needs_rehash: right, but stored with older parameters than today's."""

    is_right: bool
    needs_rehash: bool = False


class Passwords:
    """Hashes and checks passwords, at most two at once; more wait."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """The text to store. Raises InvalidRequest where the password breaks a rule."""
        check_rules(password)
        return await self.rehash(password)

    async def rehash(self, password: str) -> str:
        """The text to store for a password that is in use already, whatever the rules are now."""
        async with self._slots:
            return await asyncio.to_thread(self._hash, _normal(password))

    async def verify(self, stored: str | None, password: str) -> PasswordVerdict:
        """Compare with what is stored. Without that (no such user, no password set) it takes as
        long and is wrong, so that the time tells a stranger nothing."""
        async with self._slots:
            return await asyncio.to_thread(self._verify, stored, password)

    def _verify(self, stored: str | None, password: str) -> PasswordVerdict:
        possible = len(password) <= MAX_CHARS and _is_text(password)
        if stored is None or not possible:
            self._spend_as_long()
            return PasswordVerdict(False)
        is_right = self._matches(stored, _normal(password))
        return PasswordVerdict(is_right, is_right and self._hasher.check_needs_rehash(stored))

    def _hash(self, password: str) -> str:
        try:
            return self._hasher.hash(password)
        except HashingError as error:
            raise _failed(error) from error

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
        except VerificationError as error:
            raise _failed(error) from error

    def _spend_as_long(self) -> None:
        """Take the time of one check: making a hash takes as long as comparing with it."""
        if self._decoy is None:
            self._decoy = self._hash("x")
        else:
            self._matches(self._decoy, "y")


def check_rules(password: str) -> None:
    """Raises InvalidRequest that names every rule the password breaks."""
    if not _is_text(password):
        raise InvalidRequest("The password holds characters that are not text.", param="password")
    if len(password) > MAX_CHARS:
        raise InvalidRequest(
            f"The password has {len(password):,} characters; at most {MAX_CHARS:,} are possible.",
            param="password",
        )
    rules = {
        f"at least {MIN_CHARS} characters": len(password) >= MIN_CHARS,
        "an upper-case letter": any(c.isupper() for c in password),
        "a lower-case letter": any(c.islower() for c in password),
        "a digit": any(c.isdigit() for c in password),
        "a symbol such as - or !": any(not c.isalnum() and not c.isspace() for c in password),
    }
    missing = [rule for rule, is_kept in rules.items() if not is_kept]
    if missing:
        raise InvalidRequest(
            f"The password is too weak. It lacks: {', '.join(missing)}.", param="password"
        )


def _failed(error: Exception) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"The password could not be checked ({error}): the machine may lack memory. Try again."
    )


def _normal(password: str) -> str:
    """One form for what different keyboards send for the same letter."""
    return unicodedata.normalize("NFC", password)


def _is_text(password: str) -> bool:
    try:
        password.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, from a JSON escape
        return False
    return True
