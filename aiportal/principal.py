"""Who is calling, with which rights."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Principal", "Role"]

Role = Literal["admin", "user", "pending"]


@dataclass(frozen=True, slots=True)
class Principal:
    """One caller, made by `accounts` from a credential and passed to every part of the core.

    user_id: the account that is charged and that owns what is made.
    key_id: the API key that was used, None for a session, a token or the command line.
    allowed_models: ids that a key is restricted to, None where any model may be used.
    """

    user_id: str
    username: str
    role: Role
    key_id: str | None = None
    allowed_models: frozenset[str] | None = None

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    def may_use(self, model_id: str) -> bool:
        """True if this caller's key does not exclude the model."""
        return self.allowed_models is None or model_id in self.allowed_models
