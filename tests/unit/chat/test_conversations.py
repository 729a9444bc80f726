"""Conversations are stored, listed and searched, each for its owner alone."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aiportal.chat import Conversation, Conversations
from aiportal.errors import InvalidRequest, NotFound
from aiportal.principal import Principal
from aiportal.store import Database
from tests.unit.chat.threads import add_messages


async def _titles(
    conversations: Conversations, principal: Principal, q: str | None = None
) -> list[str]:
    return [found.title for found in (await conversations.list(principal, q=q)).data]


async def test_what_is_created_can_be_read_back(
    conversations: Conversations, ann: Principal
) -> None:
    made = await conversations.create(
        ann,
        title="  Trip \n to Rome ",
        model="acme/fast",
        system_prompt="Be brief.",
        parameters={"temperature": 0},
    )

    assert made.title == "Trip to Rome"
    assert made.parameters == {"temperature": 0}
    assert await conversations.get(ann, made.id) == made


async def test_one_without_a_title_says_so(chat: Conversation) -> None:
    assert chat.title == "New chat"


async def test_a_change_leaves_the_rest_alone(conversations: Conversations, ann: Principal) -> None:
    made = await conversations.create(ann, title="One", model="acme/fast", system_prompt="Brief.")

    changed = await conversations.update(ann, made.id, title="Two", parameters={"seed": 7})
    cleared = await conversations.update(ann, made.id, model="", system_prompt="")

    assert (changed.title, changed.model, changed.parameters) == ("Two", "acme/fast", {"seed": 7})
    assert (cleared.title, cleared.model, cleared.system_prompt) == ("Two", None, "")
    assert await conversations.get(ann, made.id) == cleared


async def test_the_list_is_newest_first_and_pages_meet(
    conversations: Conversations, ann: Principal
) -> None:
    made = [await conversations.create(ann, title=f"n{number}") for number in range(5)]

    first = await conversations.list(ann, limit=2)
    second = await conversations.list(ann, limit=2, after=first.data[-1].id)
    third = await conversations.list(ann, limit=2, after=second.data[-1].id)

    assert [*first.data, *second.data, *third.data] == made[::-1]
    assert [first.has_more, second.has_more, third.has_more] == [True, True, False]


async def test_deleting_takes_the_longest_chain_of_messages_with_it(
    conversations: Conversations, database: Database, ann: Principal, chat: Conversation
) -> None:
    await add_messages(database, chat.id, *["zebra"] * 3_000)

    await conversations.delete(ann, chat.id)

    assert await _titles(conversations, ann, "zebra") == []
    with pytest.raises(NotFound):
        await conversations.get(ann, chat.id)


async def test_the_path_is_the_newest_branch_or_the_one_asked_for(
    conversations: Conversations, database: Database, ann: Principal, chat: Conversation
) -> None:
    ids = await add_messages(database, chat.id, "one", "two", "three", "four")
    other = await conversations.create(ann)
    first, second = await add_messages(database, other.id, "left", "right", is_chain=False)

    async def path(conversation: Conversation, **options: Any) -> list[str]:
        found = await conversations.path(ann, conversation.id, **options)
        return [message.id for message in found]

    assert await path(chat) == ids
    assert await path(chat, limit=2) == ids[2:]
    assert await path(chat, leaf_id=ids[1]) == ids[:2]
    assert await path(other) == [second]
    assert await path(other, leaf_id=first) == [first]
    with pytest.raises(NotFound):
        await path(chat, leaf_id=first)


async def test_search_finds_words_in_titles_and_messages(
    conversations: Conversations, database: Database, ann: Principal
) -> None:
    await conversations.create(ann, title="Holiday in Österreich")
    talk = await conversations.create(ann, title="Sums")
    await add_messages(database, talk.id, "What is seven times eight?", "Fifty-six, mon ami.")

    assert await _titles(conversations, ann, "oster holi") == ["Holiday in Österreich"]
    assert await _titles(conversations, ann, "EIGHT seven") == ["Sums"]
    assert await _titles(conversations, ann, "seven fifty") == []
    assert await _titles(conversations, ann, "  ") == ["Sums", "Holiday in Österreich"]


async def test_search_follows_changes(
    conversations: Conversations, ann: Principal, chat: Conversation
) -> None:
    await conversations.update(ann, chat.id, title="Giraffes")
    await conversations.update(ann, chat.id, title="Lions")

    assert await _titles(conversations, ann, "giraffes") == []
    assert await _titles(conversations, ann, "lions") == ["Lions"]


async def test_search_sees_nothing_of_others(
    conversations: Conversations, database: Database, ann: Principal, ben: Principal
) -> None:
    secret = await conversations.create(ben, title="Surprise")
    await add_messages(database, secret.id, "A surprise party for Ann")

    assert await _titles(conversations, ann, "surprise") == []


@pytest.mark.parametrize(
    "q",
    [
        '"',
        '"" OR title : *',
        "a AND",
        "NEAR(",
        "title:x",
        "^x",
        "(((",
        "-x",
        "{a b}:c",
        "*",
        "' OR 1=1 --",
        "\0",
        "x\0y",
        "\ud800",
        "😀",
        "a" * 1_000,
        "b " * 500,
    ],
)
async def test_nothing_typed_into_the_search_is_an_error(
    conversations: Conversations, ann: Principal, chat: Conversation, q: str
) -> None:
    assert (await conversations.list(ann, q=q)).has_more is False


_CALLS: dict[str, Callable[[Conversations, Principal, str], Awaitable[object]]] = {
    "get": lambda part, who, which: part.get(who, which),
    "update": lambda part, who, which: part.update(who, which, title="Mine"),
    "delete": lambda part, who, which: part.delete(who, which),
    "messages": lambda part, who, which: part.messages(who, which),
    "path": lambda part, who, which: part.path(who, which),
    "list": lambda part, who, which: part.list(who, after=which),
}


@pytest.mark.parametrize("call", _CALLS)
async def test_another_persons_conversation_is_not_found(
    conversations: Conversations, chat: Conversation, ann: Principal, ben: Principal, call: str
) -> None:
    with pytest.raises(NotFound):
        await _CALLS[call](conversations, ben, chat.id)

    assert await conversations.get(ann, chat.id) == chat


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"system_prompt": "x" * 100_001}, "system_prompt"),
        ({"model": "x" * 101}, "model"),
        ({"parameters": {"temperature": 3}}, "parameters.temperature"),
    ],
)
async def test_what_is_out_of_bounds_is_refused_with_its_name(
    conversations: Conversations, ann: Principal, fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await conversations.create(ann, **fields)

    assert refusal.value.param == param


@pytest.mark.parametrize("limit", [0, 201])
async def test_the_size_of_a_page_is_bounded(
    conversations: Conversations, ann: Principal, limit: int
) -> None:
    with pytest.raises(InvalidRequest):
        await conversations.list(ann, limit=limit)
