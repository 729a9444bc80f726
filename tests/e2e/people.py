"""Users that tests sign in as."""

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["People", "Person"]


@dataclass(frozen=True)
class Person:
    """cookie: the value of a session's cookie."""

    username: str
    cookie: str


class People:
    """Hands out each person once, and each of the admin's one-time links."""

    def __init__(self, people: Iterable[Person], link_tokens: Iterable[str]) -> None:
        self._people = iter(people)
        self._link_tokens = iter(link_tokens)

    def next(self) -> Person:
        """Somebody whom no test has had yet."""
        return next(self._people)

    def next_link_token(self) -> str:
        """The token of a link that nobody has used yet."""
        return next(self._link_tokens)
