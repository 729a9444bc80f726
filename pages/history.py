"""The list of chats in the left column, and the month's spending below it."""

from datetime import UTC, datetime
from typing import Any

from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.components import HistoryRow, account_value, list_value, row_groups
from pages.footers import usd

__all__ = ["History"]

MAX_ROWS = 100
MAX_MINUTES_EAST = 14 * 60


class History:
    """What stands in the left column for one caller."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    async def rows(
        self, principal: Principal, *, chat_id: str, search: str | None, clock: str | None
    ) -> tuple[dict[str, Any], bool]:
        """The newest chats, or those that hold the words of `search`; `chat_id` is marked.

        clock: the reader's minutes east of UTC, as the browser sent them.
        Beside the list: whether an answer is being written in another chat than the open one.
        """
        words = (search or "").strip()
        found = await self._portal.conversations.list(principal, q=words or None, limit=MAX_ROWS)
        live = {turn.conversation_id for turn in self._portal.turns.running(principal)}
        rows = [
            HistoryRow(
                id=chat.id,
                title=chat.title,
                at=datetime.fromisoformat(chat.updated_at),
                is_current=chat.id == chat_id,
                is_live=chat.id in live,
            )
            for chat in found.data
        ]
        groups = row_groups(rows, now=datetime.now(UTC), minutes_east=_minutes(clock))
        note = _note(is_empty=not rows, is_search=bool(words), has_more=found.has_more)
        return list_value(groups, label="Chats", note=note), bool(live - {chat_id})

    async def account(self, principal: Principal) -> dict[str, Any]:
        """Who is signed in, and what this month has cost so far (the month of UTC)."""
        month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        user = await self._portal.users.get(principal, principal.user_id)
        spent = await self._portal.ledger.spent_usd(principal, since=month)
        return account_value(
            user.name, user.username, spent=f"{usd(spent)} this month", is_admin=principal.is_admin
        )


def _minutes(clock: str | None) -> int:
    try:
        minutes = int(clock or "")
    except ValueError:
        return 0
    return max(-MAX_MINUTES_EAST, min(MAX_MINUTES_EAST, minutes))


def _note(*, is_empty: bool, is_search: bool, has_more: bool) -> str:
    if is_empty:
        return "No chat holds these words." if is_search else "Your chats will be listed here."
    return f"Only the newest {MAX_ROWS} are listed. Search finds the others." if has_more else ""
