"""What a person is signed in with: browser sessions, refresh tokens, one-time links.

Functions for the writer of the database; those who call them drop the cached principals.
"""

import sqlite_utils

from aiportal.timestamps import now_text

__all__ = ["delete_expired", "end_all"]

_TABLES = ("sessions", "refresh_tokens", "sign_in_links")
_MOST_AT_ONCE = 200  # bounds how long a sign-in waits for the sweeping


def end_all(database: sqlite_utils.Database, user_id: str, *, but: bytes | None = None) -> None:
    """Sign a user out everywhere. API keys stay, and the session with the digest `but`."""
    values = {"user_id": user_id, "now": now_text(), "but": but or b""}
    database.execute("DELETE FROM sessions WHERE user_id = :user_id AND token_hash <> :but", values)
    database.execute("DELETE FROM sign_in_links WHERE user_id = :user_id", values)
    database.execute(
        "UPDATE refresh_tokens SET revoked_at = :now "
        "WHERE user_id = :user_id AND revoked_at IS NULL",
        values,
    )


def delete_expired(database: sqlite_utils.Database) -> None:
    """Sweep out what nobody can use any more, a bounded piece at a time."""
    values = {"now": now_text(), "most": _MOST_AT_ONCE}
    for table in _TABLES:
        database.execute(
            f"DELETE FROM {table} WHERE token_hash IN "
            f"(SELECT token_hash FROM {table} WHERE expires_at < :now LIMIT :most)",
            values,
        )
