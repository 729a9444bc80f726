"""The portal's errors as they come over HTTP, back as the kinds that they were."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aiportal.errors import (
    InternalError,
    PortalError,
    RateLimited,
    UpstreamError,
    UpstreamRateLimited,
)

__all__ = ["failure_from_event", "failure_from_response"]

_DEFAULT_RETRY_AFTER_S = 1.0


def failure_from_response(
    status: int, body: object, *, retry_after: str | None = None
) -> PortalError:
    """The error behind an answer of this status; `body` is its decoded JSON, whatever that is.

    A provider's 429 arrives as RateLimited: the wire does not tell it from the portal's own.
    """
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return InternalError(
            f"The server answered with status {status} and no words of the portal's. "
            "Check that the address is the portal's own.",
            code=f"http_{status}",
        )
    if status == RateLimited.status:
        return RateLimited(
            str(error.get("message")),
            retry_after_s=_seconds(retry_after),
            param=error.get("param"),
            code=error.get("code"),
        )
    kinds: list[type[PortalError]] = list(_kinds(PortalError))
    alike = [kind for kind in kinds if kind.status == status]
    return _rebuilt(_kind(error, alike or kinds), error)


def failure_from_event(error: object) -> PortalError:
    """The error in a stream's error event, which has no status: mostly one of the provider's."""
    fields = error if isinstance(error, dict) else {"message": str(error)}
    if fields.get("code") == UpstreamRateLimited.default_code:
        return UpstreamRateLimited(str(fields.get("message")), code=fields.get("code"))
    kinds: list[type[PortalError]] = [UpstreamError, *_kinds(UpstreamError), *_kinds(PortalError)]
    return _rebuilt(_kind(fields, kinds), fields)


def _rebuilt(kind: type[PortalError], error: Mapping[str, Any]) -> PortalError:
    return kind(str(error.get("message")), param=error.get("param"), code=error.get("code"))


def _kind(error: Mapping[str, Any], kinds: Sequence[type[PortalError]]) -> type[PortalError]:
    """The first of these kinds with the error's code, else with its type."""
    plain = [kind for kind in kinds if kind not in (RateLimited, UpstreamRateLimited)]
    for kind in plain:
        if error.get("code") is not None and kind.default_code == error.get("code"):
            return kind
    return next((kind for kind in plain if kind.type == error.get("type")), InternalError)


def _kinds(kind: type[PortalError]) -> Iterator[type[PortalError]]:
    """Every kind below in the tree of `aiportal.errors`, parents before their children."""
    for child in kind.__subclasses__():
        if child.__module__ == PortalError.__module__:
            yield child
            yield from _kinds(child)


def _seconds(retry_after: str | None) -> float:
    try:
        return float(retry_after or _DEFAULT_RETRY_AFTER_S)
    except ValueError:
        return _DEFAULT_RETRY_AFTER_S
