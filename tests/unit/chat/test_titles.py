"""A model writes the title of a conversation, unless the user has, and only a usable one is taken."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from aiportal.chat import Conversation
from aiportal.chat.titles import cleaned_title, titles_wanted
from aiportal.portal import Portal
from aiportal.principal import Principal
from aiportal.settings import Settings
from aiportal.usage import UsageRow
from tests.unit.chat.asking import events_of
from tests.upstreams import Upstream, chunk, error, hang, stream, text

QUESTION = "What is the capital of France?"


@pytest.fixture
async def portal(wired_settings: Settings) -> AsyncIterator[Portal]:
    async with Portal.open(wired_settings.model_copy(update={"chat_titles": "on"})) as portal:
        yield portal


@pytest.fixture
async def admin(portal: Portal) -> Principal:
    return await portal.users.operator()


async def _named(portal: Portal, principal: Principal, chat: Conversation) -> Conversation:
    """Ask, wait for the answer and for what may come after it."""
    started = await portal.turns.start(principal, chat.id, content=QUESTION)
    await events_of(portal.turns, principal, started.turn_id)
    async with asyncio.timeout(5):
        # Nobody is told of the end: it is to be looked for.
        while portal.turns._turns or portal.titles.is_writing(principal):  # noqa: ASYNC110
            await asyncio.sleep(0)
    return await portal.conversations.get(principal, chat.id)


async def _rows(portal: Portal, principal: Principal) -> list[UsageRow]:
    return list(await portal.ledger.rows(principal))


async def test_after_the_first_answer_the_model_writes_the_title(
    portal: Portal, upstream: Upstream, admin: Principal
) -> None:
    upstream.answer("fast", text("It is Paris."), text('"Capital of France."\n'), text("Yes."))
    chat = await portal.conversations.create(admin)

    named = await _named(portal, admin, chat)

    assert named.title == "Capital of France"
    asked = upstream.last().json
    assert (asked["max_tokens"], asked["model"]) == (24, "fast")
    assert QUESTION in asked["messages"][-1]["content"]
    assert "It is Paris." in asked["messages"][-1]["content"]
    assert [row.endpoint for row in await _rows(portal, admin)] == ["turn", "title"]
    found = await portal.conversations.list(admin, q="capital france")
    assert [one.title for one in found.data] == ["Capital of France"]

    again = await _named(portal, admin, chat)
    assert again.title == "Capital of France"
    assert [row.endpoint for row in await _rows(portal, admin)] == ["turn", "title", "turn"]


async def test_a_title_of_the_users_is_never_replaced(
    portal: Portal, upstream: Upstream, admin: Principal
) -> None:
    chat = await portal.conversations.create(admin, title="Mine")

    assert (await _named(portal, admin, chat)).title == "Mine"
    assert [row.endpoint for row in await _rows(portal, admin)] == ["turn"]


async def test_a_title_that_the_user_gives_meanwhile_stays(
    portal: Portal, upstream: Upstream, admin: Principal
) -> None:
    upstream.answer("fast", text("It is Paris."), hang())
    chat = await portal.conversations.create(admin)
    started = await portal.turns.start(admin, chat.id, content=QUESTION)
    await events_of(portal.turns, admin, started.turn_id)
    await upstream.arrival(2)

    await portal.conversations.update(admin, chat.id, title="Mine")

    assert portal.titles.is_writing(admin)
    assert (await portal.conversations.get(admin, chat.id)).title == "Mine"


@pytest.mark.parametrize("wish", [False, True])
async def test_the_users_preference_decides(
    portal: Portal, upstream: Upstream, admin: Principal, wish: bool
) -> None:
    await portal.preferences.replace(admin, {"chat": {"titles": wish}})
    upstream.answer("fast", text("It is Paris."), text("French capital"))

    named = await _named(portal, admin, await portal.conversations.create(admin))

    assert named.title == ("French capital" if wish else QUESTION)


@pytest.mark.parametrize(
    "answer",
    [
        error(500, "Broken"),
        text(""),
        text("A title of far more than sixty characters, which no list would ever show whole"),
        text("What is the capital"),
        stream(chunk("The history of the"), chunk(finish="length"), b"data: [DONE]\n\n"),
    ],
    ids=["failure", "empty", "long", "echo", "cut"],
)
async def test_without_a_usable_title_the_first_words_stay(
    portal: Portal, upstream: Upstream, admin: Principal, answer: object
) -> None:
    upstream.answer("fast", text("It is Paris."), answer)  # type: ignore[arg-type]  # reason: any of them

    named = await _named(portal, admin, await portal.conversations.create(admin))

    assert named.title == QUESTION


async def test_a_failed_answer_is_no_reason_for_a_title(
    portal: Portal, upstream: Upstream, admin: Principal
) -> None:
    upstream.answer("fast", error(400, "No"))

    named = await _named(portal, admin, await portal.conversations.create(admin))

    assert named.title == QUESTION
    assert not [row for row in await _rows(portal, admin) if row.endpoint == "title"]


async def test_closing_the_portal_ends_a_title_that_is_being_written(
    wired_settings: Settings, upstream: Upstream
) -> None:
    upstream.answer("fast", text("It is Paris."), hang())
    async with Portal.open(wired_settings.model_copy(update={"chat_titles": "on"})) as portal:
        admin = await portal.users.operator()
        chat = await portal.conversations.create(admin)
        started = await portal.turns.start(admin, chat.id, content=QUESTION)
        await events_of(portal.turns, admin, started.turn_id)
        await upstream.arrival(2)

    await upstream.last().closed.arrival(1)
    assert not portal.titles.is_writing(admin)


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Capital of France", "Capital of France"),
        ('\n\n"Capital of France."\nMore text', "Capital of France"),
        ("Title: **Capital of France**", "Capital of France"),
        ("# The Title: Capital", "Capital"),
        ("„Hauptstadt Frankreichs“", "Hauptstadt Frankreichs"),
        ("首都について", "首都について"),
        ("a\u202eb\0 c", "ab c"),
        ("", None),
        ("...", None),
        ("x" * 61, None),
        ("Sure! Here is a title", None),
        ("Here's a title for you", None),
        ("what is the capital of france", None),
        ("Write a title", None),
    ],
)
def test_what_a_model_writes_is_cleaned_or_not_taken(written: str, title: str | None) -> None:
    assert cleaned_title(written, question=QUESTION) == title


@pytest.mark.parametrize(
    ("preferences", "is_wanted"),
    [
        ({}, True),
        ({"chat": {"titles": False}}, False),
        ({"chat": {"titles": "no"}}, True),
        ({"chat": []}, True),
        ({"chat": None}, True),
        ([], True),
    ],
)
def test_preferences_may_be_anything(preferences: object, is_wanted: bool) -> None:
    assert titles_wanted(preferences, usual=True) is is_wanted
    assert titles_wanted({"chat": {"titles": True}}, usual=False)
