"""Our own JSON comes in as it went out."""

import json
from typing import Any

import pytest

from aiportal.chat import Conversation, Conversations, Exports, Imports
from aiportal.chat.imports.foreign import ForeignConversation
from aiportal.chat.imports.own import from_own
from aiportal.chat.imports.reading import conversations_in
from aiportal.errors import InvalidRequest
from aiportal.principal import Principal
from aiportal.store import Database
from tests.unit.chat.branches import AT, add_messages, ask_twice

USAGE = {
    "request_id": "req_1",
    "model": "m/x",
    "deployment": "d",
    "prompt_tokens": 3,
    "completion_tokens": 4,
    "cost_usd": 0.5,
    "is_estimated": False,
    "ttft_ms": None,
    "latency_ms": 7.5,
    "type": "usage",
}


def document(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """An export with these messages."""
    common = {"parent_id": None, "role": "user", "content": "Hi", "created_at": AT}
    return {
        "format": "aiportal.conversation",
        "version": 1,
        "id": "conv_elsewhere",
        "title": "T",
        "messages": [common | message for message in messages],
    } | fields


async def test_what_is_exported_comes_back_whole_for_somebody_else(
    exports: Exports,
    imports: Imports,
    conversations: Conversations,
    database: Database,
    ann: Principal,
    ben: Principal,
) -> None:
    made = await conversations.create(
        ann, title="Whales", model="m/x", system_prompt="Brief.", parameters={"temperature": 0}
    )
    await conversations.update(ann, made.id, web_search=True)
    await ask_twice(database, made.id)
    answer = {"role": "assistant", "content": "Yes.", "reasoning": "Hm.", "model": "m/z"}
    used: dict[str, Any] = {"usage": json.dumps(USAGE), "cost_usd": 0.5, "finish_reason": "stop"}
    await add_messages(
        database,
        made.id,
        {"id": "q2", "parent_id": "a1", "role": "user", "content": "So?"},
        {"id": "a3", **answer, **used},
    )
    before = await exports.one(ann, made.id, format="json")

    report = await imports.run(ben, before.text.encode())

    copied = report.conversations[0].id
    after = await exports.one(ben, copied, format="json")
    assert _without_ids(after.text) == _without_ids(before.text)
    assert copied != made.id


def _without_ids(text: str) -> Any:
    """The export with its messages numbered."""
    found = json.loads(text)
    numbers = {message["id"]: number for number, message in enumerate(found["messages"])}
    for message in found["messages"]:
        message["id"] = numbers[message["id"]]
        message["parent_id"] = numbers.get(message["parent_id"])
        del message["conversation_id"]
    del found["id"]
    return found


async def test_ones_own_conversation_is_there_already(
    exports: Exports, imports: Imports, chat: Conversation, ann: Principal
) -> None:
    export = await exports.one(ann, chat.id, format="json")

    report = await imports.run(ann, export.text.encode())

    assert (report.imported, report.already_there) == (0, 1)


def test_an_answer_that_was_being_written_has_been_interrupted() -> None:
    found = from_own(document({"id": "a", "role": "assistant", "status": "running"}))

    assert found.messages[0].status == "interrupted"


def test_what_a_newer_portal_says_besides_is_left_out() -> None:
    found = from_own(document({"id": "q", "stars": 5}, colour="red"))

    assert found.messages[0].content == "Hi"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"role": "robot"}, "messages.0.role"),
        ({"content": 7}, "messages.0.content"),
        ({"id": ""}, "messages.0.id"),
        ({"status": "odd"}, "messages.0.status"),
        ({"usage": {}}, "messages.0.usage"),
        ({"usage": USAGE | {"prompt_tokens": -1}}, "messages.0.usage.prompt_tokens"),
        ({"usage": USAGE | {"cost_usd": 1e300}}, "messages.0.usage.cost_usd"),
        ({"cost_usd": "free"}, "messages.0.cost_usd"),
        ({"error": {"message": 7}}, "messages.0.error"),
        ({"model": "x" * 101}, "messages.0.model"),
        ({"parent_id": "later"}, "does not stand before it"),
        ({"parent_id": "q"}, "does not stand before it"),
        ({"created_at": "yesterday"}, "none that can have been"),
    ],
)
def test_what_is_wrong_is_named(message: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        from_own(document({"id": "q"} | message))


@pytest.mark.parametrize(
    "fields",
    [
        {"version": 2},
        {"version": "1"},
        {"messages": None},
        {"messages": {}},
        {"id": 7},
        {"parameters": {"temperature": 9}},
        {"parameters": {"odd": 1}},
        {"parameters": dict.fromkeys(map(str, range(101)))},
        {"messages": [{}] * 10_001},
        {"created_at": -1.0},
    ],
)
def test_a_conversation_that_is_wrong_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        from_own(document({"id": "q"}, **fields))


def test_two_messages_of_one_id_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="Two of its messages"):
        from_own(document({"id": "q"}, {"id": "q"}))


def test_numbers_of_tools_keep_all_their_digits() -> None:
    use = {"call_id": "c", "tool_id": "t", "tool_name": "T", "at": 0, "status": "done"}
    answer = {"id": "a", "tool_calls": [use | {"arguments": {"n": -(2**64)}, "result": 2**100}]}
    (found,) = conversations_in(json.dumps(document(answer)).encode())
    assert isinstance(found, ForeignConversation)
    (told,) = found.messages[0].tool_calls
    assert told.called.arguments == {"n": -(2**64)}
    assert told.returned is not None
    assert told.returned.result == 2**100
