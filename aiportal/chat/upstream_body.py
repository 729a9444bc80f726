"""What goes out to a deployment: the caller's body, and what the model's config puts to it."""

from collections.abc import Mapping
from typing import Any

from aiportal.dialects.operations import (
    ANTHROPICS_OWN,
    CHAT,
    COUNT_TOKENS,
    MESSAGES,
    ModelRequest,
)
from aiportal.registry import Deployment, Model

__all__ = ["upstream_body"]

# A default for one of these must not join the other in a request: upstreams refuse both at once.
_SAME_MEANING = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
# Defaults that Anthropic's dialect has a word for.
_ANTHROPICS_WORDS = {
    "max_completion_tokens": "max_tokens",
    "max_tokens": "max_tokens",
    "stop": "stop_sequences",
    "stop_sequences": "stop_sequences",
    "temperature": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
}
_SAMPLING = frozenset({"temperature", "top_k", "top_p"})
# Of a message what is no part of its prompt, and is refused where that is to be counted.
_NOT_COUNTED = _SAMPLING | {"max_tokens", "metadata", "service_tier", "stop_sequences", "stream"}


def upstream_body(
    asked: Model, request: ModelRequest, serving: Model, deployment: Deployment
) -> Mapping[str, Any]:
    """The caller's body with the model's defaults, the upstream's name for it, and usage asked for.

    asked: whose system prompt counts. serving: the same model, or one that stands in for it.
    """
    body = dict(request.body)
    body["model"] = deployment.upstream_model
    if request.operation == CHAT:
        body |= _chat_fields(asked, request, _defaults(asked, serving))
    elif request.operation == MESSAGES:
        body |= _messages_defaults(request.body, _defaults(asked, serving))
    elif request.operation == COUNT_TOKENS:
        body = {name: value for name, value in body.items() if name not in _NOT_COUNTED}
    if request.operation in ANTHROPICS_OWN and asked.system_prompt:
        body["system"] = _with_prompt(asked.system_prompt, body.get("system"))
    return body


def _defaults(asked: Model, serving: Model) -> Mapping[str, Any]:
    if asked is not serving and asked.base_model is not None:
        return {**serving.parameters, **asked.parameters}
    return serving.parameters


def _chat_fields(
    asked: Model, request: ModelRequest, defaults: Mapping[str, Any]
) -> dict[str, Any]:
    body = request.body
    fields = {
        name: value
        for name, value in defaults.items()
        if name not in body and _SAME_MEANING.get(name) not in body
    }
    if asked.system_prompt:
        system = {"role": "system", "content": asked.system_prompt}
        fields["messages"] = [system, *body["messages"]]
    if request.is_stream:
        fields["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    return fields


def _messages_defaults(body: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """In Anthropic's words. None that would make a wrong request of a right one: a model that thinks
    takes no sampling parameters, and no model `temperature` and `top_p` at once."""
    thinking = body.get("thinking")
    is_thinking = isinstance(thinking, dict) and thinking.get("type") != "disabled"
    excluded = set(_SAMPLING) if is_thinking else set()
    if "temperature" in body:
        excluded.add("top_p")
    if "top_p" in body:
        excluded.add("temperature")
    fields = {}
    for name, value in defaults.items():
        word = _ANTHROPICS_WORDS.get(name)
        if word is not None and word not in body and word not in excluded:
            is_one_stop = word == "stop_sequences" and isinstance(value, str)
            fields[word] = [value] if is_one_stop else value
    return fields


def _with_prompt(prompt: str, system: str | list[Any] | None) -> str | list[Any]:
    """The model's own prompt first; the caller's blocks stay as they are."""
    if not system:
        return prompt
    callers = [{"type": "text", "text": system}] if isinstance(system, str) else system
    return [{"type": "text", "text": prompt}, *callers]
