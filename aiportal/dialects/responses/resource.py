"""The Response object: what was asked comes back beside what was answered."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from aiportal.dialects.responses.body import ResponsesBody
from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import PortalError

__all__ = ["ResponseHead", "Status", "response_error", "response_usage"]

Status = Literal["in_progress", "completed", "incomplete", "failed", "cancelled"]
_ECHOED = (
    "max_output_tokens",
    "max_tool_calls",
    "previous_response_id",
    "prompt_cache_key",
    "safety_identifier",
    "temperature",
    "top_p",
    "user",
)


class ResponseHead:
    """What of a response stands before its answer begins."""

    def __init__(self, response_id: str, body: ResponsesBody) -> None:
        self.id = response_id
        self._fields: dict[str, Any] = {
            "id": response_id,
            "object": "response",
            "created_at": int(time.time()),
            "model": body.model,
            "instructions": body.instructions,
            "background": False,
            **{name: getattr(body, name) for name in _ECHOED},
            "metadata": body.metadata or {},
            "parallel_tool_calls": body.parallel_tool_calls is not False,
            "reasoning": _reasoning(body),
            "service_tier": body.service_tier or "auto",
            "store": body.is_stored,
            "text": _text(body),
            "tool_choice": _plain(body.tool_choice) or "auto",
            "tools": [_tool(tool.model_dump()) for tool in body.tools or ()],
            "top_logprobs": body.top_logprobs or 0,
            # `auto` is taken, but the portal leaves nothing out.
            "truncation": "disabled",
        }

    def resource(
        self,
        status: Status,
        output: Sequence[Mapping[str, Any]],
        *,
        completed_at: int | None = None,
        usage: Mapping[str, Any] | None = None,
        reason: str | None = None,
        error: Mapping[str, Any] | None = None,
        service_tier: str | None = None,
    ) -> dict[str, Any]:
        """The whole object.

        completed_at: Unix time of its end, where that was a good one. reason: why it is incomplete.
        service_tier: what really served it.
        """
        whole = {
            **self._fields,
            "status": status,
            "completed_at": completed_at,
            "output": list(output),
            "usage": usage,
            "error": error,
            "incomplete_details": None if reason is None else {"reason": reason},
        }
        return whole if service_tier is None else whole | {"service_tier": service_tier}


def response_usage(usage: object) -> dict[str, Any] | None:
    """Chat's `usage` in the words of Responses, None where there is none."""
    counts = TokenUsage.from_wire(usage)
    if counts is None or not isinstance(usage, Mapping):
        return None
    details = usage.get("prompt_tokens_details")
    written = details.get("cache_write_tokens") if isinstance(details, Mapping) else None
    return {
        "input_tokens": counts.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": counts.cached_tokens,
            "cache_write_tokens": written if isinstance(written, int) else 0,
        },
        "output_tokens": counts.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning_tokens},
        "total_tokens": counts.prompt_tokens + counts.completion_tokens,
    }


def response_error(error: PortalError) -> dict[str, str]:
    """The `error` of a response that failed. OpenAI has a short list of codes for it."""
    code = "server_error"
    if error.type == "rate_limit_error":
        code = "rate_limit_exceeded"
    elif error.type == "invalid_request_error":
        code = "invalid_prompt"
    return {"code": code, "message": error.message}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else value.model_dump()


def _reasoning(body: ResponsesBody) -> dict[str, Any]:
    return {"effort": None, "summary": None} | (_plain(body.reasoning) or {})


def _text(body: ResponsesBody) -> dict[str, Any]:
    given = _plain(body.text) or {}
    return {**given, "format": given.get("format") or {"type": "text"}}


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "description": None, "parameters": None, "strict": None} | tool
