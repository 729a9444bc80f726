"""The portal's own tools as a request asks for them, in place of a list of functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from aiportal.errors import InvalidRequest

__all__ = ["PortalTools"]

MAX_ALLOWED: Final = 100
MAX_ID_CHARS: Final = 100


@dataclass(frozen=True, slots=True)
class PortalTools:
    """allowed: ids of tools, None for all that the caller may use.

    is_enabled: False for none at all, also not those that a custom model has.
    """

    is_enabled: bool = True
    allowed: tuple[str, ...] | None = None

    @classmethod
    def parse(cls, value: Mapping[str, Any], *, param: str = "tools") -> Self:
        """Read `{"enabled": …, "allowedTools": […]}`. Raises InvalidRequest that names the field."""
        unknown = sorted(set(value) - {"enabled", "allowedTools"})
        if unknown:
            raise InvalidRequest(
                f"`{param}` has no field {unknown[0][:100]!r}. It takes `enabled` and "
                "`allowedTools`, or is OpenAI's list of functions of your own.",
                param=f"{param}.{unknown[0][:100]}",
            )
        enabled = value.get("enabled", True)
        if not isinstance(enabled, bool):
            raise InvalidRequest(
                f"`{param}.enabled` must be true or false.", param=f"{param}.enabled"
            )
        allowed = value.get("allowedTools")
        if allowed is None:
            return cls(enabled)
        is_list = isinstance(allowed, list) and len(allowed) <= MAX_ALLOWED
        if not is_list or not all(
            isinstance(one, str) and 1 <= len(one) <= MAX_ID_CHARS for one in allowed
        ):
            raise InvalidRequest(
                f"`{param}.allowedTools` must be a list of at most {MAX_ALLOWED} ids of tools. "
                "GET /api/v1/tools for them, or leave it out for all.",
                param=f"{param}.allowedTools",
            )
        return cls(enabled, tuple(dict.fromkeys(allowed)))

    def as_wire(self) -> dict[str, Any]:
        """As `parse` reads it."""
        wire: dict[str, Any] = {"enabled": self.is_enabled}
        return wire if self.allowed is None else wire | {"allowedTools": list(self.allowed)}
