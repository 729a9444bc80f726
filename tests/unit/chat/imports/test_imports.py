"""A file's conversations become the caller's own: each whole or not at all, and only once."""

import asyncio
import json
from typing import Any

import pytest

from aiportal.chat import Conversations, Imports
from aiportal.chat.imports import imports as imports_module
from aiportal.chat.imports import items, reading
from aiportal.errors import Conflict, InvalidRequest, ServiceUnavailable
from aiportal.principal import Principal
from aiportal.store import Database
from tests.unit.chat.imports.files import (
    CHATGPT,
    OPEN_WEBUI,
    chain,
    chatgpt,
    file_of,
    node,
    zip_of,
)


def asked(number: int, **fields: Any) -> dict[str, Any]:
    """One of several conversations of ChatGPT."""
    ids = {"id": f"c-{number}", "conversation_id": f"c-{number}"}
    return chatgpt(node("q", None, "user", "Hi"), **ids | fields)


async def _titles(conversations: Conversations, principal: Principal) -> list[str]:
    return [found.title for found in (await conversations.list(principal)).data]


async def test_a_file_of_several_kinds_is_taken(
    imports: Imports, conversations: Conversations, ann: Principal, ben: Principal
) -> None:
    report = await imports.run(ann, file_of(CHATGPT, OPEN_WEBUI))

    assert [one.title for one in report.conversations] == ["Heat pumps", "Ferns"]
    assert await _titles(conversations, ann) == ["Heat pumps", "Ferns"]
    assert await _titles(conversations, ben) == []
    path = await conversations.path(ann, report.conversations[0].id)
    assert [one.content for one in path] == ["What is a heat pump?", "A fridge, turned round."]
    found = (await conversations.list(ann, q="turned")).data
    assert [one.title for one in found] == ["Heat pumps"]


async def test_a_file_that_comes_again_brings_nothing_new(
    imports: Imports, conversations: Conversations, ann: Principal, ben: Principal
) -> None:
    first = await imports.run(ann, file_of(CHATGPT, OPEN_WEBUI, CHATGPT))
    assert (first.imported, first.already_there) == (2, 1)

    again = await imports.run(ann, zip_of({"conversations.json": file_of(CHATGPT)}))

    assert (again.imported, again.already_there, again.refused) == (0, 1, 0)
    assert (again.skipped[0].title, again.skipped[0].code) == ("Heat pumps", "already_there")
    assert len(await _titles(conversations, ann)) == 2
    assert (await imports.run(ben, file_of(CHATGPT))).imported == 1


async def test_what_was_deleted_can_be_brought_in_again(
    imports: Imports, conversations: Conversations, ann: Principal
) -> None:
    report = await imports.run(ann, file_of(CHATGPT))
    await conversations.delete(ann, report.conversations[0].id)

    assert (await imports.run(ann, file_of(CHATGPT))).imported == 1


async def test_one_without_an_id_is_known_by_its_text(imports: Imports, ann: Principal) -> None:
    nameless = asked(1, id=None, conversation_id=None)

    assert (await imports.run(ann, file_of(nameless))).imported == 1
    assert (await imports.run(ann, file_of(nameless))).already_there == 1
    assert (await imports.run(ann, file_of(nameless | {"title": "Other"}))).imported == 1


async def test_what_is_good_is_taken_and_the_rest_is_named(
    imports: Imports, conversations: Conversations, ann: Principal
) -> None:
    bad = [
        asked(1, title="Circle", mapping={"a": node("a", "a", "user", "x")}),
        asked(2, title="Robot", mapping={"a": node("a", None, "robot", "x")}),
        asked(3, title="Late", update_time=5e18),
        asked(4, title="Long", mapping=chain(10_001)["mapping"]),
        asked(5, title="Wordy", mapping={"a": node("a", None, "user", "x" * 1_000_001)}),
        asked(6, title="Empty", mapping={}),
        {"odd": True},
    ]

    report = await imports.run(ann, file_of(asked(7), *bad, asked(8)))

    assert report.imported == 2
    reasons = {one.title: one.reason for one in report.skipped}
    assert "circle" in reasons["Circle"]
    assert "'robot'" in reasons["Robot"]
    assert "none that can have been" in reasons["Late"]
    assert "10,001 messages" in reasons["Long"]
    assert "1,000,001 characters" in reasons["Wordy"]
    assert "no messages" in reasons["Empty"]
    assert "kind that is known" in reasons["Number 8 of the file"]
    assert len(await _titles(conversations, ann)) == 2


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (b"NaN", "not valid JSON"),
        (b"1e999", "not valid JSON"),
        (b'"\xff"', "not valid JSON"),
        (b"[" * 990 + b"]" * 990, "kind that is known"),
        (b"{'a': 1}", "not valid JSON"),
    ],
)
async def test_what_is_no_json_costs_its_own_conversation_alone(
    imports: Imports, ann: Principal, damage: bytes, reason: str
) -> None:
    good = json.dumps(asked(1)).encode()
    other = json.dumps(asked(2)).encode()

    report = await imports.run(ann, b"[" + good + b"," + damage + b"," + other + b"]")

    assert report.imported == 2
    assert [one.reason for one in report.skipped if reason in one.reason]


async def test_a_file_that_breaks_off_keeps_what_was_whole(
    imports: Imports, ann: Principal
) -> None:
    report = await imports.run(ann, file_of(asked(1), asked(2, title="Half"))[:-40])

    assert report.imported == 1
    assert "breaks off" in report.skipped[0].reason


async def test_half_a_letter_in_a_title_is_mended(
    imports: Imports, conversations: Conversations, ann: Principal
) -> None:
    report = await imports.run(ann, file_of(asked(1, title="Heat \ud83d")))

    assert report.conversations[0].title == "Heat ?"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("  a \n b\0 ", "a b"),
        ("x" * 500, "x" * 199 + "…"),
        ("", "Hi"),
        (None, "Hi"),
        (["x"], "Hi"),
        ("<script>", "<script>"),
    ],
)
async def test_titles_are_made_to_fit(
    imports: Imports, ann: Principal, title: object, shown: str
) -> None:
    report = await imports.run(ann, file_of(asked(1, title=title)))

    assert [one.title for one in report.conversations] == [shown]


@pytest.mark.parametrize("depth", [2_000, 200_000])
async def test_nesting_is_bounded(imports: Imports, ann: Principal, depth: int) -> None:
    deep = b'{"title": "Deep", "mapping": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"

    report = await imports.run(ann, b"[" + json.dumps(asked(1)).encode() + b"," + deep + b"]")

    assert report.imported == 1
    assert (report.skipped[0].title, report.refused) == ("Deep", 1)


async def test_a_conversation_of_too_many_bytes_is_named(
    imports: Imports, ann: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "MAX_ITEM_BYTES", 5_000)
    large = asked(1, title="Large", mapping={"a": node("a", None, "user", "x" * 10_000)})

    report = await imports.run(ann, zip_of({"a.json": file_of(large, asked(2))}))

    assert report.imported == 1
    assert (report.skipped[0].title, "at most 5,000" in report.skipped[0].reason) == ("Large", True)


async def test_a_file_of_very_many_is_read_in_part(
    imports: Imports, ann: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_ITEMS", 60)

    report = await imports.run(ann, file_of(*(asked(number) for number in range(100))))

    assert (report.imported, report.skipped[0].title) == (60, "The rest of the file")


async def test_an_archive_may_hold_other_lists_too(imports: Imports, ann: Principal) -> None:
    entries = {
        "user.json": b'{"id": 1}',
        "feedback.json": b'[{"rating": 1}]',
        "c": file_of(CHATGPT),
    }

    report = await imports.run(ann, zip_of(entries))

    assert (report.imported, report.skipped) == (1, [])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"[]",
        b"{}",
        b"[1, 2]",
        b"null",
        b"[NaN]",
        b"PK\x03\x04",
        zip_of({}),
        zip_of({"user.json": b"{}"}),
        b'{"mapping": 7}',
        b'{"chat": []}',
    ],
)
async def test_a_file_without_conversations_is_refused(
    imports: Imports, conversations: Conversations, ann: Principal, data: bytes
) -> None:
    with pytest.raises(InvalidRequest):
        await imports.run(ann, data)

    assert await _titles(conversations, ann) == []


async def test_one_import_of_a_user_runs_at_a_time(
    imports: Imports, ann: Principal, ben: Principal
) -> None:
    data = file_of(*(asked(number) for number in range(60)))
    first = asyncio.create_task(imports.run(ann, data))
    await asyncio.sleep(0)

    with pytest.raises(Conflict):
        await imports.run(ann, data)
    assert (await imports.run(ben, data)).imported == 60
    assert (await first).imported == 60
    assert (await imports.run(ann, data)).already_there == 60


async def test_the_imports_of_all_are_bounded(
    imports: Imports, ann: Principal, ben: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports_module, "MAX_FILES", 1)
    first = asyncio.create_task(imports.run(ann, file_of(CHATGPT)))
    await asyncio.sleep(0)

    with pytest.raises(ServiceUnavailable):
        await imports.run(ben, file_of(CHATGPT))
    await first
    assert (await imports.run(ben, file_of(CHATGPT))).imported == 1


async def test_nothing_of_a_conversation_is_stored_if_a_part_cannot_be(
    imports: Imports, database: Database, ann: Principal
) -> None:
    await database.write(
        lambda connection: (
            connection.execute(
                "CREATE TRIGGER full BEFORE INSERT ON messages WHEN new.content = 'stop' "
                "BEGIN SELECT RAISE(FAIL, 'full'); END"
            ).rowcount
        )
    )
    half = asked(
        2, mapping={"a": node("a", None, "user", "x"), "b": node("b", "a", "user", "stop")}
    )

    with pytest.raises(Exception, match="full"):
        await imports.run(ann, file_of(asked(1), half))

    rows = await database.read(
        lambda found: [
            found.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("conversations", "messages", "imported_conversations")
        ]
    )
    assert rows == [1, 1, 1]


async def test_a_long_chain_is_imported_in_one_piece(
    imports: Imports, conversations: Conversations, ann: Principal
) -> None:
    report = await imports.run(ann, file_of(chain(10_000)))

    assert report.imported == 1
    assert len(await conversations.messages(ann, report.conversations[0].id)) == 10_000
