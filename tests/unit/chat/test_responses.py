"""aiportal.chat.responses and its store"""

from typing import Any

import orjson
import pytest
import sqlite_utils

from aiportal.chat import Responses, responses
from aiportal.chat.response_store import ResponseStore, StoredResponse
from aiportal.dialects.openai_chat import ChatLimits
from aiportal.errors import InvalidRequest, NotFound, RequestTooLarge
from aiportal.principal import Principal
from aiportal.store import Database

LIMITS = ChatLimits()
LONG_AGO = "2020-01-01T00:00:00.000+00:00"


@pytest.fixture
def stored(database: Database) -> Responses:
    return Responses(database)


async def answered(
    stored: Responses, who: Principal, answer: str = "Hello.", **fields: Any
) -> dict[str, Any]:
    """The Response object of a call that a model has answered so."""
    asked = {"model": "acme/fast", "input": "Hi"} | fields
    exchange = await stored.open(who, asked, LIMITS)
    message = {"role": "assistant", "content": answer}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    made: dict[str, Any] = orjson.loads(await exchange.answer(orjson.dumps({"choices": choices})))
    return made


async def asked_after(
    stored: Responses, who: Principal, previous_id: str, **fields: Any
) -> list[str]:
    """The texts that a model is given for a question after that response."""
    body = {"model": "acme/fast", "input": "And?", "previous_response_id": previous_id} | fields
    exchange = await stored.open(who, body, LIMITS)
    return [message["content"] for message in exchange.request.body["messages"]]


async def make_old(database: Database, response_id: str) -> None:
    def change(connection: sqlite_utils.Database) -> None:
        sql = "UPDATE responses SET created_at = ? WHERE id = ?"
        connection.execute(sql, (LONG_AGO, response_id))

    await database.write(change)


async def test_what_is_stored_is_what_was_answered(stored: Responses, ann: Principal) -> None:
    made = await answered(stored, ann)
    assert await stored.get(ann, made["id"]) == made


async def test_a_chain_is_put_together_oldest_first(stored: Responses, ann: Principal) -> None:
    first = await answered(stored, ann, "One.", input="1?", instructions="Not carried on.")
    second = await answered(stored, ann, "Two.", input="2?", previous_response_id=first["id"])

    assert await asked_after(stored, ann, second["id"]) == ["1?", "One.", "2?", "Two.", "And?"]
    assert await asked_after(stored, ann, first["id"]) == ["1?", "One.", "And?"]


async def test_anothers_response_is_not_found(
    stored: Responses, ann: Principal, ben: Principal
) -> None:
    made = await answered(stored, ann)
    for method in (stored.get, stored.delete, stored.cancel):
        with pytest.raises(NotFound):
            await method(ben, made["id"])
    with pytest.raises(NotFound):
        await stored.input_items(ben, made["id"], limits=LIMITS)
    with pytest.raises(NotFound) as caught:
        await asked_after(stored, ben, made["id"])
    assert caught.value.code == "previous_response_not_found"


async def test_nobody_goes_on_from_a_chain_with_a_gap(stored: Responses, ann: Principal) -> None:
    first = await answered(stored, ann)
    second = await answered(stored, ann, previous_response_id=first["id"])
    await stored.delete(ann, first["id"])

    assert (await stored.get(ann, second["id"]))["id"] == second["id"]
    with pytest.raises(InvalidRequest, match="deleted"):
        await asked_after(stored, ann, second["id"])


async def test_a_chain_has_a_longest_length(stored: Responses, ann: Principal) -> None:
    first = await answered(stored, ann)
    second = await answered(stored, ann, previous_response_id=first["id"])
    body = {"model": "acme/fast", "input": "And?", "previous_response_id": second["id"]}
    for limits in (ChatLimits(max_messages=1), ChatLimits(max_body_bytes=100)):
        with pytest.raises(InvalidRequest, match="too long"):
            await stored.open(ann, body, limits)


async def test_an_input_that_is_too_large_to_keep_is_refused_or_not_kept(
    stored: Responses, ann: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responses, "MAX_STORED_INPUT_BYTES", 2_000)
    with pytest.raises(RequestTooLarge):
        await answered(stored, ann, input="a" * 2_000)
    assert await answered(stored, ann, input="a" * 2_000, store=False)


async def test_an_item_is_referred_to_by_its_id(
    stored: Responses, ann: Principal, ben: Principal
) -> None:
    made = await answered(stored, ann, "Hello.")
    reference = {"type": "item_reference", "id": made["output"][0]["id"]}
    body = {"model": "acme/fast", "input": [reference, {"role": "user", "content": "And?"}]}
    exchange = await stored.open(ann, body, LIMITS)

    assert exchange.request.body["messages"][0] == {"role": "assistant", "content": "Hello."}
    with pytest.raises(InvalidRequest, match="refer"):
        await stored.open(ben, body, LIMITS)


async def test_input_items_go_back_through_the_chain(stored: Responses, ann: Principal) -> None:
    first = await answered(stored, ann, "One.", input="1?")
    second = await answered(stored, ann, "Two.", input="2?", previous_response_id=first["id"])
    page = await stored.input_items(ann, second["id"], limits=LIMITS, limit=2)
    rest = await stored.input_items(ann, second["id"], limits=LIMITS, after=page.data[-1]["id"])

    texts = [item["content"][0]["text"] for item in (*page.data, *rest.data)]
    assert texts == ["2?", "One.", "1?"]
    assert (page.has_more, rest.has_more) == (True, False)
    assert len({item["id"] for item in (*page.data, *rest.data)}) == 3


async def test_old_responses_go_when_others_are_stored(
    database: Database, stored: Responses, ann: Principal
) -> None:
    old = await answered(stored, ann)
    await make_old(database, old["id"])
    await answered(Responses(database), ann)

    with pytest.raises(NotFound):
        await stored.get(ann, old["id"])


async def test_a_conversation_that_goes_on_keeps_its_beginning(
    database: Database, stored: Responses, ann: Principal
) -> None:
    old = await answered(stored, ann)
    await answered(stored, ann, previous_response_id=old["id"])
    await make_old(database, old["id"])
    await answered(Responses(database), ann)

    assert (await stored.get(ann, old["id"]))["id"] == old["id"]


async def test_a_caller_that_leaves_while_the_end_is_stored_changes_nothing(
    database: Database, stored: Responses, ann: Principal
) -> None:
    made = await answered(stored, ann)
    kept = StoredResponse(made["id"], made["id"], None, [], made | {"status": "cancelled"})
    await ResponseStore(database).save(ann, kept)

    assert await stored.get(ann, made["id"]) == made


async def test_the_responses_of_a_deleted_user_go_too(
    database: Database, stored: Responses, ann: Principal
) -> None:
    made = await answered(stored, ann)
    await database.write(lambda connection: connection.execute("DELETE FROM users"))
    with pytest.raises(NotFound):
        await stored.get(ann, made["id"])


async def test_what_is_nested_too_deeply_is_refused(stored: Responses, ann: Principal) -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"a": deep}
    tool = {"type": "function", "name": "f", "parameters": deep}
    with pytest.raises(InvalidRequest, match="deep"):
        await stored.open(ann, {"model": "acme/fast", "input": "Hi", "tools": [tool]}, LIMITS)
