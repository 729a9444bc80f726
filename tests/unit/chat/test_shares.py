"""Shares: what they hold, who may read them, and when they end."""

from collections.abc import Awaitable, Callable

import pytest

from aiportal.chat import Branches, Conversation, Conversations, Share, Shares
from aiportal.chat import shares as shares_module
from aiportal.errors import Conflict, InvalidRequest, NotFound, RequestTooLarge
from aiportal.principal import Principal
from aiportal.store import Database
from tests.unit.chat.branches import add_messages, ask_twice


async def _texts(part: Shares, principal: Principal, share: Share) -> list[str]:
    return [passage.content for passage in (await part.read(principal, share.id)).passages]


async def test_a_share_is_the_branch_as_it_was(
    shares: Shares, database: Database, chat: Conversation, ann: Principal, ben: Principal
) -> None:
    await ask_twice(database, chat.id)
    newest = await shares.create(ann, chat.id)
    older = await shares.create(ann, chat.id, leaf_id="a1")
    await add_messages(
        database, chat.id, {"id": "q2", "parent_id": "a2", "role": "user", "content": "And?"}
    )

    assert await _texts(shares, ben, newest) == ["Why?", "Because"]
    assert await _texts(shares, ben, older) == ["Why?", "Old."]
    read = await shares.read(ben, newest.id)
    assert (read.shared_by, read.passages[1].problem) == ("ann", "It broke.")
    assert [share.id for share in await shares.list(ann, chat.id)] == [older.id, newest.id]


async def test_by_itself_a_share_is_the_branch_that_is_shown(
    shares: Shares, branches: Branches, database: Database, chat: Conversation, ann: Principal
) -> None:
    await ask_twice(database, chat.id)
    await branches.choose(ann, chat.id, "a1")

    assert await _texts(shares, ann, await shares.create(ann, chat.id)) == ["Why?", "Old."]


async def test_a_revoked_share_is_gone_and_only_its_owner_can_revoke_it(
    shares: Shares, database: Database, chat: Conversation, ann: Principal, ben: Principal
) -> None:
    await ask_twice(database, chat.id)
    share = await shares.create(ann, chat.id)
    with pytest.raises(NotFound):
        await shares.revoke(ben, share.id)
    assert await _texts(shares, ben, share)

    await shares.revoke(ann, share.id)

    with pytest.raises(NotFound):
        await shares.read(ann, share.id)
    with pytest.raises(NotFound):
        await shares.revoke(ann, share.id)


async def test_an_expired_share_is_gone(
    shares: Shares, database: Database, chat: Conversation, ann: Principal
) -> None:
    await ask_twice(database, chat.id)
    share = await shares.create(ann, chat.id, expires_days=1)
    assert await _texts(shares, ann, share)
    past = "2026-01-01T00:00:00.000+00:00"
    await database.write(
        lambda connection: connection.execute("UPDATE shares SET expires_at = ?", (past,)).rowcount
    )

    with pytest.raises(NotFound):
        await shares.read(ann, share.id)
    assert await shares.list(ann, chat.id) == []
    await shares.create(ann, chat.id)
    rows = await database.read(lambda found: found.execute("SELECT id FROM shares").fetchall())
    assert len(rows) == 1


async def test_a_deleted_conversation_takes_its_shares_along(
    shares: Shares,
    conversations: Conversations,
    database: Database,
    chat: Conversation,
    ann: Principal,
) -> None:
    await ask_twice(database, chat.id)
    share = await shares.create(ann, chat.id)

    await conversations.delete(ann, chat.id)

    with pytest.raises(NotFound):
        await shares.read(ann, share.id)


async def test_a_copy_is_a_chat_of_ones_own(
    shares: Shares,
    conversations: Conversations,
    database: Database,
    chat: Conversation,
    ann: Principal,
    ben: Principal,
) -> None:
    await ask_twice(database, chat.id)
    share = await shares.create(ann, chat.id)

    copied = await shares.copy(ben, share.id)

    path = await conversations.path(ben, copied)
    assert [(one.role, one.content, one.model) for one in path] == [
        ("user", "Why?", None),
        ("assistant", "Because", "m/y"),
    ]
    assert path[1].error is not None
    with pytest.raises(NotFound):
        await conversations.get(ann, copied)


async def test_what_cannot_be_shared_is_refused(
    shares: Shares,
    database: Database,
    chat: Conversation,
    ann: Principal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(InvalidRequest, match="nothing to share"):
        await shares.create(ann, chat.id)
    await ask_twice(database, chat.id)
    with pytest.raises(NotFound):
        await shares.create(ann, chat.id, leaf_id="none")
    for days in (0, -1, 3_651):
        with pytest.raises(InvalidRequest, match="expires_days"):
            await shares.create(ann, chat.id, expires_days=days)
    monkeypatch.setattr(shares_module, "MAX_SHARE_CHARS", 10)
    with pytest.raises(RequestTooLarge):
        await shares.create(ann, chat.id)


async def test_a_running_answer_is_not_shared(
    shares: Shares, database: Database, chat: Conversation, ann: Principal
) -> None:
    await add_messages(
        database,
        chat.id,
        {"id": "q", "role": "user", "content": "Hi"},
        {"id": "a", "role": "assistant", "content": "", "status": "running"},
    )

    with pytest.raises(Conflict):
        await shares.create(ann, chat.id)
    assert await shares.create(ann, chat.id, leaf_id="q")


async def test_the_shares_of_a_conversation_are_bounded(
    shares: Shares,
    database: Database,
    chat: Conversation,
    ann: Principal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await ask_twice(database, chat.id)
    monkeypatch.setattr(shares_module, "MAX_SHARES", 2)
    for _ in range(2):
        await shares.create(ann, chat.id)

    with pytest.raises(Conflict, match="Revoke"):
        await shares.create(ann, chat.id)


_CALLS: dict[str, Callable[[Shares, Principal, str], Awaitable[object]]] = {
    "create": lambda part, who, which: part.create(who, which),
    "list": lambda part, who, which: part.list(who, which),
}


@pytest.mark.parametrize("call", _CALLS)
async def test_another_persons_conversation_is_not_found(
    shares: Shares, database: Database, chat: Conversation, ben: Principal, call: str
) -> None:
    await ask_twice(database, chat.id)

    with pytest.raises(NotFound):
        await _CALLS[call](shares, ben, chat.id)


async def test_ids_cannot_be_guessed(
    shares: Shares, database: Database, chat: Conversation, ann: Principal
) -> None:
    await ask_twice(database, chat.id)
    ids = [(await shares.create(ann, chat.id)).id for _ in range(3)]

    assert len({one[:20] for one in ids}) == 3
    assert all(len(one) == len("share_") + 48 for one in ids)
