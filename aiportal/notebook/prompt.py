"""What a caller asks, as the body of OpenAI's Chat Completions."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiportal.errors import InvalidRequest

__all__ = ["Prompt", "chat_body"]

Prompt = str | Sequence[Mapping[str, Any]]


def chat_body(
    prompt: Prompt, *, model: str, system: str | None, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """A streamed request that asks for its usage. Raises InvalidRequest for an empty prompt.

    prompt: one question, or OpenAI's messages. system: put before them. parameters: OpenAI's other
    fields, as they are; one that is None is left out. `tools` may be a list of ids of the portal's.
    """
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt)
    if not messages or not prompt:
        raise InvalidRequest(
            "There is nothing to ask: the prompt is empty. Pass a text or a list of messages.",
            param="messages",
        )
    if system is not None:
        messages = [{"role": "system", "content": system}, *messages]
    given = {name: value for name, value in parameters.items() if value is not None}
    tools = given.get("tools")
    if isinstance(tools, Sequence) and tools and all(isinstance(one, str) for one in tools):
        given["tools"] = {"enabled": True, "allowedTools": list(tools)}
    return given | {
        "model": model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
