"""What can go wrong, as one tree. Doors translate it; the core raises nothing else on purpose.

PortalError
├── InvalidRequest              400  the caller's body or parameters
│   ├── FetchRefused            400  an address of the web that this portal does not fetch
│   ├── RequestTooLarge         413
│   └── HeadersTooLarge         431
├── AuthenticationFailed        401  no credential, or one that is not valid
├── PermissionDenied            403  the right person with the wrong right
├── NotFound                    404  also another person's resource
│   ├── ModelNotFound           404
│   └── ToolNotFound            404
├── MethodNotAllowed            405
├── Conflict                    409  the state of the resource forbids it
├── RateLimited                 429  carries `retry_after_s`
├── ServiceUnavailable          503
│   ├── ModelUnavailable        503  known, but cannot serve now; says what is missing
│   ├── ToolUnavailable         503  the same of a tool; also where no sandbox can be had
│   └── DatabaseUnavailable     503
├── UpstreamError               502  a provider failed; carries `upstream_status` and `retry_after`
│   ├── UpstreamRejected        4xx  the provider refused the request itself
│   ├── UpstreamRateLimited     429
│   ├── UpstreamOverloaded      503
│   └── UpstreamTimeout         504
├── ConfigError                 500  a file or a setting of this portal is wrong
└── InternalError               500  a bug of ours

Types and statuses follow OpenAI's error object: {"error": {message, type, param, code}}.
"""

from typing import ClassVar

__all__ = [
    "AuthenticationFailed",
    "ConfigError",
    "Conflict",
    "DatabaseUnavailable",
    "FetchRefused",
    "HeadersTooLarge",
    "InternalError",
    "InvalidRequest",
    "MethodNotAllowed",
    "ModelNotFound",
    "ModelUnavailable",
    "NotFound",
    "PermissionDenied",
    "PortalError",
    "RateLimited",
    "RequestTooLarge",
    "ServiceUnavailable",
    "ToolNotFound",
    "ToolUnavailable",
    "UpstreamError",
    "UpstreamOverloaded",
    "UpstreamRateLimited",
    "UpstreamRejected",
    "UpstreamTimeout",
]


class PortalError(Exception):
    """Base of every error of ours.

    message: what happened, why, and what to do; shown to the caller as it stands.
    param: the field of the request that is at fault, if one is.
    code: a stable word for programs; defaults to the class's own.
    """

    status: int = 500
    type: ClassVar[str] = "api_error"
    default_code: ClassVar[str | None] = None

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code if code is not None else self.default_code

    def as_openai(self) -> dict[str, dict[str, str | None]]:
        """OpenAI's error object, ready for the wire."""
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
            }
        }


class InvalidRequest(PortalError):
    status = 400
    type = "invalid_request_error"
    default_code = "invalid_request"


class FetchRefused(InvalidRequest):
    default_code = "fetch_refused"


class RequestTooLarge(InvalidRequest):
    status = 413
    default_code = "request_too_large"


class HeadersTooLarge(InvalidRequest):
    status = 431
    default_code = "headers_too_large"


class AuthenticationFailed(PortalError):
    status = 401
    type = "authentication_error"
    default_code = "invalid_api_key"


class PermissionDenied(PortalError):
    status = 403
    type = "permission_error"
    default_code = "permission_denied"


class NotFound(PortalError):
    status = 404
    type = "not_found_error"
    default_code = "not_found"


class ModelNotFound(NotFound):
    default_code = "model_not_found"


class ToolNotFound(NotFound):
    default_code = "tool_not_found"


class MethodNotAllowed(PortalError):
    status = 405
    type = "invalid_request_error"
    default_code = "method_not_allowed"


class Conflict(PortalError):
    status = 409
    type = "invalid_request_error"
    default_code = "conflict"


class RateLimited(PortalError):
    """retry_after_s: seconds until another try can succeed."""

    status = 429
    type = "rate_limit_error"
    default_code = "rate_limit_exceeded"

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float,
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, param=param, code=code)
        self.retry_after_s = retry_after_s


class ServiceUnavailable(PortalError):
    status = 503
    default_code = "service_unavailable"


class ModelUnavailable(ServiceUnavailable):
    default_code = "model_unavailable"


class ToolUnavailable(ServiceUnavailable):
    default_code = "tool_unavailable"


class DatabaseUnavailable(ServiceUnavailable):
    default_code = "database_unavailable"


class UpstreamError(PortalError):
    """upstream_status: the provider's HTTP status, None where it gave none.

    retry_after: its `Retry-After` header as it stood, None without one.
    """

    status = 502
    default_code = "upstream_error"

    def __init__(
        self,
        message: str,
        *,
        upstream_status: int | None = None,
        retry_after: str | None = None,
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, param=param, code=code)
        self.upstream_status = upstream_status
        self.retry_after = retry_after


class UpstreamRejected(UpstreamError):
    """The provider refused the request itself: 400, or 413 where the provider said so."""

    status = 400
    type = "invalid_request_error"
    default_code = "invalid_request"

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        upstream_status: int | None = None,
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, upstream_status=upstream_status, param=param, code=code)
        self.status = status


class UpstreamRateLimited(UpstreamError):
    status = 429
    type = "rate_limit_error"
    default_code = "rate_limit_exceeded"


class UpstreamOverloaded(UpstreamError):
    status = 503
    default_code = "upstream_overloaded"


class UpstreamTimeout(UpstreamError):
    status = 504
    type = "timeout_error"
    default_code = "upstream_timeout"


class ConfigError(PortalError):
    default_code = "configuration_error"


class InternalError(PortalError):
    default_code = "internal_error"
