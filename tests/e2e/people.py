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
    """Hands out each person once. admin_link_token: of a one-time link that nobody has used."""

    def __init__(self, people: Iterable[Person], admin_link_token: str) -> None:
        self._people = iter(people)
        self.admin_link_token = admin_link_token

    def next(self) -> Person:
        """Somebody whom no test has had yet."""
        return next(self._people)
