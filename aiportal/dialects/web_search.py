"""A search of the web before an answer, as a request asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from aiportal.errors import InvalidRequest

__all__ = ["WebSearchWish"]

USUAL_RESULTS: Final = 5
MAX_RESULTS: Final = 20
MAX_PROVIDER_CHARS: Final = 40


@dataclass(frozen=True, slots=True)
class WebSearchWish:
    """is_wanted: False for none, also where a custom model would have one.

    max_results: sources at most. provider: None for those that are set up.
    query: what to search for, where the core knows it; None to take it from the messages.
    """

    is_wanted: bool = True
    max_results: int = USUAL_RESULTS
    provider: str | None = None
    query: str | None = None

    @classmethod
    def parse(cls, value: object, *, param: str = "web_search") -> Self | None:
        """Read `true`, `false`, or `{"max_results", "provider"}`; None for null.

        Raises InvalidRequest that names the field.
        """
        if value is None:
            return None
        if isinstance(value, bool):
            return cls(is_wanted=value)
        if not isinstance(value, Mapping):
            raise InvalidRequest(
                f"`{param}` must be true, false, or an object with `max_results` and `provider`.",
                param=param,
            )
        unknown = sorted(set(value) - {"max_results", "provider"})
        if unknown:
            raise InvalidRequest(
                f"`{param}` has no field {unknown[0][:100]!r}. It takes `max_results` and "
                "`provider`.",
                param=f"{param}.{unknown[0][:100]}",
            )
        return cls(
            max_results=_count(value.get("max_results"), param),
            provider=_name(value.get("provider"), param),
        )

    def as_wire(self) -> bool | dict[str, Any]:
        """As `parse` reads it."""
        if not self.is_wanted:
            return False
        wire: dict[str, Any] = {"max_results": self.max_results}
        return wire if self.provider is None else wire | {"provider": self.provider}


def _count(value: object, param: str) -> int:
    if value is None:
        return USUAL_RESULTS
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_RESULTS:
        raise InvalidRequest(
            f"`{param}.max_results` must be a whole number from 1 to {MAX_RESULTS}.",
            param=f"{param}.max_results",
        )
    return value


def _name(value: object, param: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_PROVIDER_CHARS:
        raise InvalidRequest(
            f"`{param}.provider` must be the name of a search provider, or null for those that are "
            "set up.",
            param=f"{param}.provider",
        )
    return value
