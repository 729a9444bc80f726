"""The portal's errors as they come over HTTP, back as the kinds that they were."""

from collections.abc import Iterator, Mapping
from typing import Any

from aiportal.errors import InternalError, PortalError, RateLimited, UpstreamRateLimited

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
    return _rebuilt(_kind(error, status), error)


def failure_from_event(error: object) -> PortalError:
    """The error in a stream's error event, which has no status."""
    fields = error if isinstance(error, dict) else {"message": str(error)}
    if fields.get("code") == RateLimited.default_code:
        return UpstreamRateLimited(str(fields.get("message")), code=fields.get("code"))
    return _rebuilt(_kind(fields, None), fields)


def _rebuilt(kind: type[PortalError], error: Mapping[str, Any]) -> PortalError:
    return kind(str(error.get("message")), param=error.get("param"), code=error.get("code"))


def _kind(error: Mapping[str, Any], status: int | None) -> type[PortalError]:
    """The kind with this code, else the first with this status and type, else with this type."""
    kinds = [kind for kind in _kinds(PortalError) if not issubclass(kind, _WITH_MORE_FIELDS)]
    if status is not None:
        kinds = [kind for kind in kinds if kind.status == status] or kinds
    for kind in kinds:
        if error.get("code") is not None and kind.default_code == error.get("code"):
            return kind
    for kind in kinds:
        if kind.type == error.get("type"):
            return kind
    return InternalError


_WITH_MORE_FIELDS = (RateLimited, UpstreamRateLimited)


def _kinds(kind: type[PortalError]) -> Iterator[type[PortalError]]:
    """Every kind below, parents before their children."""
    for child in kind.__subclasses__():
        yield child
        yield from _kinds(child)


def _seconds(retry_after: str | None) -> float:
    try:
        return float(retry_after or _DEFAULT_RETRY_AFTER_S)
    except ValueError:
        return _DEFAULT_RETRY_AFTER_S
