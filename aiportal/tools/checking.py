"""Holding values against a schema in bounds: what is too large is not walked, and a check ends."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, TypeVar

from jsonschema import validators
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

from aiportal.sandbox.turns import Turns

__all__ = ["CheckTakesTooLong", "Checks", "bounded_kind"]

MAX_CPU_S: Final = 5.0  # of one check
AT_ONCE, MAX_WAITING = 2, 16
_WALKS = (
    "additionalItems",
    "additionalProperties",
    "const",
    "contains",
    "enum",
    "items",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
)
_OTHERS = ("$ref", "allOf", "anyOf", "oneOf", "type")
_SIZES = (("maxItems", list), ("maxProperties", dict), ("maxLength", str))
T = TypeVar("T")
Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


class CheckTakesTooLong(Exception):
    """It has had its time, or nobody waits for it any more."""


@dataclass(slots=True)
class _Budget:
    until_s: float = 0.0  # of the thread's own time
    is_given_up: bool = False

    def look(self) -> None:
        if self.is_given_up or time.thread_time() > self.until_s:
            raise CheckTakesTooLong


_BUDGET: ContextVar[_Budget | None] = ContextVar("budget", default=None)


class Checks:
    """Large checks, few at once and in turn for their owners, so that others' are not kept waiting."""

    def __init__(self) -> None:
        self._turns = Turns(at_once=AT_ONCE, max_waiting=MAX_WAITING)

    async def run(self, owner: str, check: Callable[[], T]) -> T:
        """What it gives, in a thread; cancelling this ends it.

        Raises CheckTakesTooLong, RateLimited where too many of the owner's wait.
        """
        async with self._turns.take(owner):
            budget = _Budget()
            try:
                return await asyncio.to_thread(_within, budget, check)
            except asyncio.CancelledError:
                budget.is_given_up = True
                raise


def _within(budget: _Budget, check: Callable[[], T]) -> T:
    budget.until_s = time.thread_time() + MAX_CPU_S
    token = _BUDGET.set(budget)
    try:
        return check()
    finally:
        _BUDGET.reset(token)


@cache
def bounded_kind(kind: type[Validator]) -> type[Validator]:
    """Such a one that does not look into what has the wrong type or is too large, and that ends."""
    known: dict[str, Keyword] = {**kind.VALIDATORS}
    bounded = {name: partial(_bounded, known[name]) for name in _WALKS if name in known}
    others = {name: partial(_counted, known[name]) for name in _OTHERS if name in known}
    extend: Callable[[type[Validator], dict[str, Any]], type[Validator]] = validators.extend
    return extend(kind, {**bounded, **others})


def _bounded(
    keyword: Keyword, validator: Any, value: Any, instance: Any, schema: Any
) -> Iterator[ValidationError] | None:
    kind = schema.get("type")
    is_other = kind is not None and not any(
        validator.is_type(instance, one) for one in ([kind] if isinstance(kind, str) else kind)
    )
    if is_other or any(
        isinstance(instance, of) and len(instance) > schema.get(name, len(instance))
        for name, of in _SIZES
    ):
        return None  # which the other keyword says
    return _counted(keyword, validator, value, instance, schema)


def _counted(
    keyword: Keyword, validator: Any, value: Any, instance: Any, schema: Any
) -> Iterator[ValidationError] | None:
    budget = _BUDGET.get()
    if budget is not None:
        budget.look()
    return keyword(validator, value, instance, schema)
