"""Ratings of answers: good or poor, with reasons and a comment."""

from collections.abc import Sequence

import sqlite_utils

from aiportal.chat.owned_rows import owned_message_row
from aiportal.chat.rating import Rating
from aiportal.errors import Conflict, InvalidRequest, NotFound
from aiportal.principal import Principal
from aiportal.store import Database
from aiportal.timestamps import now_text

__all__ = ["Ratings"]

_RATE = "UPDATE messages SET rating = ? WHERE number = ?"


class Ratings:
    """Every method sees only the caller's own answers; another's is NotFound, as if not there.

    A rating is a part of its message: it goes with it, and into the JSON export.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, principal: Principal, message_id: str) -> Rating:
        """Raises NotFound, also for an answer that is not rated."""

        def select(database: sqlite_utils.Database) -> Rating:
            row = owned_message_row(database, principal, message_id)
            if row["rating"] is None:
                raise NotFound(f"The message {message_id!r} is not rated. PUT a rating first.")
            return Rating.from_json(row["rating"])

        return await self._database.read(select)

    async def put(
        self,
        principal: Principal,
        message_id: str,
        *,
        value: str,
        comment: str = "",
        reasons: Sequence[str] = (),
    ) -> Rating:
        """Rate an answer; what it was rated before is replaced.

        value: `good` or `poor`. comment: at most 2,000 characters. reasons: at most ten texts of at
        most 50 characters. Raises NotFound, InvalidRequest; Conflict while it is being written.
        """
        rating = Rating.checked(value, comment=comment, reasons=reasons, rated_at=now_text())

        def change(database: sqlite_utils.Database) -> Rating:
            row = owned_message_row(database, principal, message_id)
            if row["role"] != "assistant":
                raise InvalidRequest(
                    f"The message {message_id!r} is a question. Rate the answer that follows it."
                )
            if row["status"] == "running":
                raise Conflict(
                    f"The answer {message_id!r} is still being written. Rate it at its end.",
                    code="turn_running",
                )
            database.execute(_RATE, (rating.to_json(), row["number"]))
            return rating

        return await self._database.write(change)

    async def delete(self, principal: Principal, message_id: str) -> None:
        """Take a rating back; nothing happens where there is none. Raises NotFound."""

        def change(database: sqlite_utils.Database) -> None:
            row = owned_message_row(database, principal, message_id)
            database.execute(_RATE, (None, row["number"]))

        await self._database.write(change)
