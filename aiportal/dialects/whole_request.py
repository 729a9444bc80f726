"""Requests of the operations that are answered whole: what their bodies have in common."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from aiportal.dialects.openai_chat import ModelName, invalid_field
from aiportal.dialects.operations import NO_HEADERS, FilePart, Operation
from aiportal.errors import InvalidRequest

__all__ = ["WholeBody", "WholeRequest", "check_lengths", "validated"]


class WholeBody(BaseModel):
    """What the portal reads of a body; every other field travels on unchanged."""

    model_config = ConfigDict(extra="allow", strict=True)

    model: ModelName


BodyT = TypeVar("BodyT", bound=WholeBody)


@dataclass(frozen=True, slots=True)
class WholeRequest:
    """A validated request. `body` is the caller's JSON object and is never changed.

    chars: those of all texts that go in.
    """

    operation: Operation
    model: str
    body: Mapping[str, Any]
    chars: int
    files: tuple[FilePart, ...] = ()

    @property
    def is_stream(self) -> bool:
        return False

    @property
    def wants_usage(self) -> bool:
        return False

    @property
    def headers(self) -> Mapping[str, str]:
        return NO_HEADERS

    def prompt_chars(self) -> int:
        """Characters of all texts that go in, for estimates."""
        return self.chars


def validated(
    kind: type[BodyT], body: object, *, strict: bool | None = None
) -> tuple[BodyT, dict[str, Any]]:
    """A decoded body as that kind, and as the object that it is.

    strict: False for a form, whose values are all texts.

    Raises InvalidRequest that names the field at fault.
    """
    if not isinstance(body, dict):
        needed = " and ".join(
            f"`{name}`" for name, field in kind.model_fields.items() if field.is_required()
        )
        raise InvalidRequest(f"The body must be a JSON object with {needed}.")
    try:
        return kind.model_validate(body, strict=strict), body
    except ValidationError as error:
        raise invalid_field(error) from error


def check_lengths(texts: Iterable[str], max_chars: int, *, param: str) -> int:
    """The characters of all texts. Raises InvalidRequest where one is longer than `max_chars`."""
    total = 0
    for text in texts:
        if len(text) > max_chars:
            raise InvalidRequest(
                f"A text in `{param}` is longer than {max_chars} characters. Shorten it, or raise "
                "`limits.maxContentChars` in model_config/config.json.",
                param=param,
            )
        total += len(text)
    return total
