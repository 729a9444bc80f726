"""What a person types into the search field, as an expression of SQLite's FTS5."""

from aiportal.errors import InvalidRequest

__all__ = ["match_expression"]

MAX_CHARS = 1_000
MAX_WORDS = 32  # each is one look-up in the index


def match_expression(words: str) -> str | None:
    """Rows that hold every word, or one that begins with it; None for an empty search.

    Every word is quoted, so no input is an operator or a syntax error.
    Raises InvalidRequest for more than 1,000 characters.
    """
    if len(words) > MAX_CHARS:
        raise InvalidRequest(f"`q` takes at most {MAX_CHARS:,} characters.", param="q")
    # NUL would end the expression for SQLite, half a surrogate pair cannot be handed to it.
    cleaned = words.replace("\0", " ").encode(errors="replace").decode()
    quoted = ['"' + word.replace('"', '""') + '"*' for word in cleaned.split()[:MAX_WORDS]]
    return " ".join(quoted) or None
