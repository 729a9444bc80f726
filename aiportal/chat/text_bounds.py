"""Bounds of texts that callers send."""

from aiportal.errors import InvalidRequest

__all__ = ["check_text"]


def check_text(text: str, *, param: str, max_chars: int, min_chars: int = 0) -> str:
    """`text` if its length is within bounds and UTF-8 can hold it. Raises InvalidRequest."""
    if not min_chars <= len(text) <= max_chars:
        raise InvalidRequest(
            f"`{param}` has {len(text)} characters; it takes {min_chars} to {max_chars:,}.",
            param=param,
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(
            f"`{param}` holds half of a surrogate pair at character {error.start}, "
            "which is no text. Send complete characters.",
            param=param,
        ) from error
    return text
