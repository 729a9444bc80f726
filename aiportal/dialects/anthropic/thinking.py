"""Thinking on its way back to the model that thought it.

Anthropic's blocks carry a signature that only Anthropic can make and check. To thinking of other
models the portal puts a mark of its own, which names the field that it came in and the model. A
caller sends it back with the history, and only where it fits does the thinking travel on: some
models need it for what follows, and others refuse a field that they do not know.
"""

__all__ = ["FIELDS", "field_of", "is_mark", "is_own_mark", "mark"]

FIELDS = ("reasoning_content", "reasoning")
_PREFIX = "aiportal."


def mark(field: str, model: str) -> str:
    """What stands in the place of a signature."""
    return f"{_PREFIX}{field}.{model}"


def is_mark(signature: str) -> bool:
    """True for what no provider has signed."""
    return not signature or is_own_mark(signature)


def is_own_mark(signature: str) -> bool:
    """True for what the portal has put in the place of a signature."""
    return signature.startswith(_PREFIX)


def field_of(signature: str, model: str) -> str | None:
    """The field of an assistant's message that takes this thinking back to `model`, if there is one."""
    return next((field for field in FIELDS if signature == mark(field, model)), None)
