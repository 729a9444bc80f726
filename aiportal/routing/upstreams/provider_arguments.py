"""Whom a function of LiteLLM is to ask: model, key and address, none of them left for it to find."""

from typing import Any

from aiportal.dialects.operations import CHAT, Operation
from aiportal.errors import ModelUnavailable
from aiportal.registry import Deployment
from aiportal.routing.upstreams.litellm_library import NO_KEY

__all__ = ["API_BASES", "provider_arguments"]

API_BASES = {
    "anthropic": "https://api.anthropic.com",
    "cohere": "https://api.cohere.com",
    "gemini": "https://generativelanguage.googleapis.com/v1beta",
}
"""Without an address LiteLLM looks for one in variables that are other programs' too."""

# What LiteLLM does not add to an address by itself.
_PATHS: dict[tuple[str, Operation], str] = {
    ("cohere", CHAT): "/v2/chat",
    ("cohere", "embeddings"): "/v2/embed",
}
# Where the key is no `api_key`: the JSON of a service account.
_KEY_ARGUMENTS = {"vertex_ai": "vertex_credentials"}
# Whose clouds would otherwise be asked for credentials, or the environment.
_NEED_A_KEY = {"bedrock", "vertex_ai"}


def provider_arguments(deployment: Deployment, operation: Operation) -> dict[str, Any]:
    """Arguments for any function of LiteLLM. Raises ModelUnavailable where a key is missing."""
    dialect = deployment.dialect
    if deployment.api_key is None and dialect in _NEED_A_KEY:
        raise ModelUnavailable(
            f"This model's dialect, {dialect!r}, needs a key. Name the variable that holds it as "
            "`apiKeyEnv` of the model or its provider.",
            param="model",
        )
    return {
        "model": f"{dialect}/{deployment.upstream_model}",
        _KEY_ARGUMENTS.get(dialect, "api_key"): deployment.api_key or NO_KEY,
        "api_base": _address(deployment, operation),
        "extra_headers": dict(deployment.headers) or None,
        "num_retries": 0,
    }


def _address(deployment: Deployment, operation: Operation) -> str | None:
    base = deployment.api_base or API_BASES.get(deployment.dialect)
    path = _PATHS.get((deployment.dialect, operation), "")
    if base is None or base.rstrip("/").endswith(path or "/"):
        return base
    return base.rstrip("/") + path
