"""The OpenAPI document: FastAPI's, with the errors and the credentials that this API really has."""

from typing import Any

__all__ = ["correct"]

_ERROR = {
    "type": "object",
    "description": "OpenAI's error object.",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
            "required": ["message", "type", "param", "code"],
        }
    },
    "required": ["error"],
}
_ERROR_CONTENT = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
_ERRORS = {
    "4XX": {"description": "The caller's mistake, or a limit.", "content": _ERROR_CONTENT},
    "5XX": {"description": "The portal or a provider failed.", "content": _ERROR_CONTENT},
}
_SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key or an access token."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "session": {"type": "apiKey", "in": "cookie", "name": "aiportal_session"},
}
_STREAM = "text/event-stream"
_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


def correct(document: dict[str, Any]) -> None:
    """Change FastAPI's document in place.

    Bad input is 400 here, never FastAPI's 422; every error has one shape; who may call is said.
    """
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _FASTAPIS_OWN:
        schemas.pop(name, None)
    schemas["Error"] = _ERROR
    components["securitySchemes"] = _SECURITY_SCHEMES
    document["security"] = [{name: []} for name in _SECURITY_SCHEMES]
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            _add_definitions(schemas, operation)
            for response in operation["responses"].values():
                # FastAPI says `string`, but a schema there is for one event, and ours vary.
                if _STREAM in response.get("content", {}):
                    response["content"][_STREAM] = {}
            operation["responses"] |= _ERRORS


def _add_definitions(schemas: dict[str, Any], operation: dict[str, Any]) -> None:
    """What a body that a route has described itself refers to. Raises ValueError for a name twice."""
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    for name, definition in schema.get("$defs", {}).items():
        if schemas.setdefault(name, definition) != definition:
            raise ValueError(f"two models are named {name}")
