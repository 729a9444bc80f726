"""A search says where it has found the words."""

import pytest
import sqlite_utils

from aiportal.chat import Conversation, Conversations, SearchMatch, search
from aiportal.principal import Principal
from aiportal.store import Database
from tests.unit.chat.threads import add_messages


async def _matches(
    conversations: Conversations, principal: Principal, q: str
) -> dict[str, list[SearchMatch]]:
    page = await conversations.list(principal, q=q)
    return {one.title: list(page.matches[one.id]) for one in page.data}


def _marked(match: SearchMatch) -> list[str]:
    return [match.snippet[start:end] for start, end in match.spans]


async def test_a_title_is_shown_whole_with_its_words_marked(
    conversations: Conversations, ann: Principal
) -> None:
    await conversations.create(ann, title="Ferien in Österreich und Italien")

    found = await _matches(conversations, ann, "oster ital")

    (match,) = found["Ferien in Österreich und Italien"]
    assert (match.message_id, match.snippet) == (None, "Ferien in Österreich und Italien")
    assert _marked(match) == ["Österreich", "Italien"]


async def test_messages_are_found_with_some_words_around_the_newest_first(
    conversations: Conversations, database: Database, ann: Principal
) -> None:
    chat = await conversations.create(ann, title="Sea")
    contents = [f"{'word ' * 50}whale number {n}\n\nand <b>more</b>" for n in range(5)]
    ids = await add_messages(database, chat.id, *contents)

    matches = (await _matches(conversations, ann, "wha"))["Sea"]

    assert [match.message_id for match in matches] == [ids[4], ids[3], ids[2]]
    assert all(_marked(match) == ["whale"] for match in matches)
    assert "whale number 4 and <b>more</b>" in matches[0].snippet
    assert matches[0].snippet.startswith("…")
    assert len(matches[0].snippet) < 150


async def test_words_of_any_script_are_marked_in_characters(
    conversations: Conversations, database: Database, ann: Principal
) -> None:
    chat = await conversations.create(ann, title="x")
    await add_messages(database, chat.id, "😀😀 Ελλάδα\x02\x03 \ud7ff и Россия")

    (match,) = (await _matches(conversations, ann, "ελλ росси"))["x"]

    assert _marked(match) == ["Ελλάδα", "Россия"]


async def test_a_word_as_long_as_a_message_is_cut(
    conversations: Conversations, database: Database, ann: Principal
) -> None:
    chat = await conversations.create(ann, title="x")
    await add_messages(database, chat.id, "a" * 100_000)

    (match,) = (await _matches(conversations, ann, "aaa"))["x"]

    assert len(match.snippet) == 400
    assert match.spans == ((0, 400),)


async def test_without_a_search_there_are_no_matches(
    conversations: Conversations, ann: Principal, chat: Conversation
) -> None:
    assert (await conversations.list(ann)).matches == {}


async def test_what_others_wrote_takes_no_place_among_the_hits(
    conversations: Conversations,
    database: Database,
    ann: Principal,
    ben: Principal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = await conversations.create(ann, title="Mine")
    await add_messages(database, mine.id, "a zebra")
    other = await conversations.create(ben, title="Other")
    await add_messages(database, other.id, *["another zebra"] * 20)
    monkeypatch.setattr(search, "MAX_HITS", 5)

    assert list(await _matches(conversations, ann, "zebra")) == ["Mine"]


async def test_a_frequent_word_is_not_taken_for_the_beginning_of_others(
    conversations: Conversations,
    database: Database,
    ann: Principal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chat = await conversations.create(ann, title="x")
    first, second, _ = await add_messages(database, chat.id, "the sea", "the land", "they")
    monkeypatch.setattr(search, "MAX_HITS", 2)

    (matches,) = (await _matches(conversations, ann, "the")).values()

    assert [match.message_id for match in matches] == [second, first]


async def test_the_index_holds_what_the_messages_hold(
    conversations: Conversations, database: Database, ann: Principal, chat: Conversation
) -> None:
    await add_messages(database, chat.id, "one", "two")
    await conversations.create(ann)

    def check(connection: sqlite_utils.Database) -> None:
        connection.execute("UPDATE messages SET content = 'three' WHERE content = 'two'")
        connection.execute("DELETE FROM conversations WHERE title = ''")
        connection.execute("INSERT INTO messages_text (messages_text) VALUES ('integrity-check')")

    await database.write(check)
    assert list(await _matches(conversations, ann, "three")) == []
