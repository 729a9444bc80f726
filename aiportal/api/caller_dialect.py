"""Which dialect the callers of an address speak, where it is not OpenAI's."""

from starlette.types import Scope

__all__ = ["speaks_anthropic"]

_ANTHROPIC = frozenset(
    {
        "/api/v1/messages",
        "/api/v1/messages/count_tokens",
        "/v1/messages",
        "/v1/messages/count_tokens",
    }
)


def speaks_anthropic(scope: Scope) -> bool:
    """True for Anthropic's Messages."""
    return scope["path"] in _ANTHROPIC
