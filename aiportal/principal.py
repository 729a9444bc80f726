"""Who is calling, with which rights."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

__all__ = ["Principal", "Role", "fold"]

Role = Literal["admin", "user", "pending"]


@dataclass(frozen=True, slots=True)
class Principal:
    """One caller, made by `accounts` from a credential and passed to every part of the core.

    user_id: the account that is charged and that owns what is made.
    key_id: the API key that was used, None for a session, a token or the command line.
    allowed_models: ids that a key is restricted to, None where any model may be used.
    groups: the names of those that the user is a member of, as `fold` writes them.
    """

    user_id: str
    username: str
    role: Role
    key_id: str | None = None
    allowed_models: frozenset[str] | None = None
    groups: frozenset[str] = frozenset()

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    def may_use(self, model_id: str) -> bool:
        """True if this caller's key does not exclude the model."""
        return self.allowed_models is None or model_id in self.allowed_models


def fold(text: str) -> str:
    """The form in which the names of users and groups, and emails, are compared."""
    storable = text.encode("utf-8", "replace").decode()  # SQLite takes no half surrogate pairs
    return unicodedata.normalize("NFKC", storable).casefold()
