"""The OpenAPI document: FastAPI's, with the errors and the credentials that this API really has."""

from typing import Any

from pydantic import BaseModel

__all__ = ["body_of", "correct"]

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
_DEFINITIONS = "$defs"


def body_of(kind: type[BaseModel]) -> dict[str, Any]:
    """What `openapi_extra` has to be for a route that reads its body itself."""
    content = {"application/json": {"schema": kind.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}


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
            for content in operation.get("requestBody", {}).get("content", {}).values():
                _move_definitions(content["schema"], schemas)
            operation["responses"].pop("422", None)
            for response in operation["responses"].values():
                # FastAPI says `string`, but a schema there is for one event, and ours vary.
                if _STREAM in response.get("content", {}):
                    response["content"][_STREAM] = {}
            operation["responses"] |= _ERRORS


def _move_definitions(schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """A reference counts from the document's root, so what pydantic defines beside moves there."""
    definitions = schema.pop(_DEFINITIONS, {})
    prefix = f"{schema.get('title')}."
    schemas |= {f"{prefix}{name}": definition for name, definition in definitions.items()}
    open_ones: list[Any] = [schema, *definitions.values()]
    while open_ones:
        one = open_ones.pop()
        if isinstance(one, list):
            open_ones += one
        elif isinstance(one, dict):
            if isinstance(name := one.get("$ref"), str) and name.startswith(f"#/{_DEFINITIONS}/"):
                one["$ref"] = f"#/components/schemas/{prefix}{name.rpartition('/')[2]}"
            open_ones += one.values()
