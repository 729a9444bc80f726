"""Branches are shown, chosen, edited, cut off and forked, each for its owner alone."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aiportal.chat import Branch, Branches, Conversation, Conversations, Turns
from aiportal.errors import Conflict, InvalidRequest, NotFound
from aiportal.principal import Principal
from aiportal.store import Database
from tests.unit.chat.asking import ask, events_of, sent
from tests.unit.chat.trees import add_chain, add_tree
from tests.upstreams import Upstream, error, hang, text

# q1 ─ a1 ─ q2 ─ a2
#    │    └ q3 ─ a3
#    └ a4
# q4
TREE = {
    "q1": None,
    "a1": "q1",
    "q2": "a1",
    "a2": "q2",
    "q3": "a1",
    "a3": "q3",
    "a4": "q1",
    "q4": None,
}


@pytest.fixture
async def tree(database: Database, chat: Conversation) -> Conversation:
    """Ann's conversation with the tree above."""
    await add_tree(database, chat, TREE)
    return chat


def _ids(branch: Branch) -> list[str]:
    return [one.message.id for one in branch.messages]


def _siblings(branch: Branch) -> list[list[str]]:
    return [list(one.siblings) for one in branch.messages]


async def test_each_message_of_a_branch_has_its_alternatives_in_order(
    branches: Branches, ann: Principal, tree: Conversation
) -> None:
    branch = await branches.show(ann, tree.id, leaf_id="a3")

    assert _ids(branch) == ["q1", "a1", "q3", "a3"]
    assert _siblings(branch) == [["q1", "q4"], ["a1", "a4"], ["q2", "q3"], ["a3"]]
    assert not branch.has_earlier


@pytest.mark.parametrize(
    ("through", "leaf"), [("q1", "a4"), ("a1", "a3"), ("q2", "a2"), ("a2", "a2"), ("q4", "q4")]
)
async def test_through_a_message_a_branch_goes_to_the_newest_leaf_below(
    branches: Branches, ann: Principal, tree: Conversation, through: str, leaf: str
) -> None:
    assert _ids(await branches.show(ann, tree.id, through=through))[-1] == leaf


async def test_a_branch_is_cut_to_its_newest_messages(
    branches: Branches, ann: Principal, tree: Conversation
) -> None:
    branch = await branches.show(ann, tree.id, leaf_id="a3", limit=2)

    assert _ids(branch) == ["q3", "a3"]
    assert branch.has_earlier


async def test_an_empty_conversation_has_an_empty_branch(
    branches: Branches, ann: Principal, chat: Conversation
) -> None:
    assert await branches.show(ann, chat.id) == Branch([], has_earlier=False)


async def test_the_branch_chosen_last_is_shown_until_another_is_or_something_is_asked(
    branches: Branches,
    conversations: Conversations,
    turns: Turns,
    upstream: Upstream,
    ann: Principal,
    tree: Conversation,
) -> None:
    assert _ids(await branches.show(ann, tree.id)) == ["q4"]

    assert await branches.choose(ann, tree.id, "a1") == "a3"
    assert _ids(await branches.show(ann, tree.id)) == ["q1", "a1", "q3", "a3"]
    assert (await conversations.path(ann, tree.id))[-1].id == "a3"

    await branches.choose(ann, tree.id, "a2")
    started = await ask(turns, ann, tree, "And then?")
    assert sent(upstream)[-2:] == [("assistant", "a2"), ("user", "And then?")]
    assert _ids(await branches.show(ann, tree.id))[-2:] == [
        started.user_message_id,
        started.assistant_message_id,
    ]
    again = await turns.retry(ann, tree.id, question_id="q1")
    await events_of(turns, ann, again.turn_id)
    assert _ids(await branches.show(ann, tree.id)) == ["q1", again.assistant_message_id]


async def test_what_is_added_below_the_chosen_end_belongs_to_the_branch(
    branches: Branches, database: Database, ann: Principal, tree: Conversation
) -> None:
    await branches.choose(ann, tree.id, "a2")
    await add_tree(database, tree, {"q5": "a2", "q6": None})

    assert _ids(await branches.show(ann, tree.id))[-1] == "q5"


async def test_an_edit_changes_the_text_and_the_search_and_tells_when(
    branches: Branches, conversations: Conversations, ann: Principal, tree: Conversation
) -> None:
    edited = await branches.edit(ann, tree.id, "a1", content="zebra crossing")

    assert edited.content == "zebra crossing"
    assert edited.edited_at is not None
    assert await branches.message(ann, tree.id, "a1") == edited
    assert [found.id for found in (await conversations.list(ann, q="zebra")).data] == [tree.id]
    await branches.edit(ann, tree.id, "a1", content="horse")
    assert (await conversations.list(ann, q="zebra")).data == []


async def test_an_edit_that_changes_nothing_is_none(
    branches: Branches, ann: Principal, tree: Conversation
) -> None:
    assert (await branches.edit(ann, tree.id, "q1", content="q1")).edited_at is None


async def test_a_failed_answer_that_was_edited_is_sent_to_the_model(
    branches: Branches, turns: Turns, upstream: Upstream, ann: Principal, chat: Conversation
) -> None:
    upstream.answer("fast", error(400), text("ok"))
    failed = await ask(turns, ann, chat, "one")

    edited = await branches.edit(ann, chat.id, failed.assistant_message_id, content="By hand.")
    await ask(turns, ann, chat, "two")

    assert (edited.status, edited.error) == ("done", None)
    assert sent(upstream) == [("user", "one"), ("assistant", "By hand."), ("user", "two")]


async def test_deleting_takes_all_below_and_shows_what_is_left_beside(
    branches: Branches, conversations: Conversations, ann: Principal, tree: Conversation
) -> None:
    await branches.choose(ann, tree.id, "a3")

    await branches.delete(ann, tree.id, "q3")
    assert _ids(await branches.show(ann, tree.id)) == ["q1", "a1", "q2", "a2"]

    await branches.delete(ann, tree.id, "a1")
    assert _ids(await branches.show(ann, tree.id)) == ["q1", "a4"]

    await branches.delete(ann, tree.id, "q1")
    assert _ids(await branches.show(ann, tree.id)) == ["q4"]
    assert [one.id for one in await conversations.messages(ann, tree.id)] == ["q4"]


async def test_deleting_beside_the_branch_that_is_shown_leaves_it_there(
    branches: Branches, ann: Principal, tree: Conversation
) -> None:
    await branches.choose(ann, tree.id, "a3")

    await branches.delete(ann, tree.id, "a4")

    assert _ids(await branches.show(ann, tree.id)) == ["q1", "a1", "q3", "a3"]


async def test_the_deepest_tree_is_shown_forked_and_deleted(
    branches: Branches,
    conversations: Conversations,
    database: Database,
    ann: Principal,
    chat: Conversation,
) -> None:
    ids = await add_chain(database, chat, 10_000)

    assert _ids(await branches.show(ann, chat.id, through=ids[0])) == ids[-50:]
    fork = await branches.fork(ann, chat.id)
    await branches.delete(ann, chat.id, ids[1])

    assert [one.id for one in await conversations.messages(ann, chat.id)] == ids[:1]
    assert (await conversations.list(ann, q=ids[-1])).data == [fork]
    assert len(await conversations.messages(ann, fork.id)) == 10_000


async def test_a_fork_is_a_copy_up_to_a_message(
    branches: Branches, conversations: Conversations, turns: Turns, ann: Principal
) -> None:
    chat = await conversations.create(
        ann, title="Sums", model="acme/slow", system_prompt="Brief.", parameters={"seed": 1}
    )
    started = await ask(turns, ann, chat, "one")
    await ask(turns, ann, chat, "two")

    fork = await branches.fork(ann, chat.id, message_id=started.assistant_message_id)

    assert (fork.title, fork.model, fork.system_prompt, fork.parameters) == (
        "Sums (fork)",
        "acme/slow",
        "Brief.",
        {"seed": 1},
    )
    question, answer = await conversations.messages(ann, fork.id)
    origin = await branches.message(ann, chat.id, started.assistant_message_id)
    assert (question.content, answer.content, answer.parent_id) == (
        "one",
        origin.content,
        question.id,
    )
    assert (answer.turn_id, answer.cost_usd, answer.usage) == (None, 0.0, origin.usage)
    await ask(turns, ann, fork, "other two")
    assert len(await conversations.messages(ann, chat.id)) == 4


async def test_a_fork_has_the_title_and_by_itself_the_branch_that_is_shown(
    branches: Branches, conversations: Conversations, ann: Principal, tree: Conversation
) -> None:
    await branches.choose(ann, tree.id, "a2")

    fork = await branches.fork(ann, tree.id, title=" The  other ")

    assert fork.title == "The other"
    copies = await conversations.messages(ann, fork.id)
    assert [one.content for one in copies] == ["q1", "a1", "q2", "a2"]


async def test_a_fork_stands_in_the_list_like_a_new_chat(
    branches: Branches, conversations: Conversations, ann: Principal, tree: Conversation
) -> None:
    await conversations.update(ann, tree.id, is_pinned=True, is_archived=True, tags=["sea"])

    fork = await branches.fork(ann, tree.id)

    assert (fork.is_pinned, fork.is_archived, fork.tags) == (False, False, ("sea",))
    assert fork.id in [one.id for one in (await conversations.list(ann)).data]


async def test_the_title_of_a_fork_is_no_longer_than_a_title_may_be(
    branches: Branches, conversations: Conversations, ann: Principal
) -> None:
    chat = await conversations.create(ann, title="x" * 200)

    assert len((await branches.fork(ann, chat.id)).title) == 200


async def test_what_is_being_written_is_not_edited_deleted_or_forked(
    branches: Branches, turns: Turns, upstream: Upstream, ann: Principal, tree: Conversation
) -> None:
    upstream.answer("fast", hang())
    started = await turns.start(ann, tree.id, content="Hi", parent_id="a1")

    for message_id in ("q1", "a1", started.user_message_id, started.assistant_message_id):
        with pytest.raises(Conflict):
            await branches.edit(ann, tree.id, message_id, content="New")
        with pytest.raises(Conflict):
            await branches.delete(ann, tree.id, message_id)
    with pytest.raises(Conflict):
        await branches.fork(ann, tree.id)

    await branches.edit(ann, tree.id, "a2", content="New")
    await branches.delete(ann, tree.id, "q2")
    await branches.fork(ann, tree.id, message_id="a1")


_CALLS: dict[str, Callable[[Branches, Principal, str, str], Awaitable[object]]] = {
    "show": lambda part, who, chat, _: part.show(who, chat),
    "leaf_id": lambda part, who, chat, message: part.show(who, chat, leaf_id=message),
    "through": lambda part, who, chat, message: part.show(who, chat, through=message),
    "choose": lambda part, who, chat, message: part.choose(who, chat, message),
    "message": lambda part, who, chat, message: part.message(who, chat, message),
    "edit": lambda part, who, chat, message: part.edit(who, chat, message, content="Mine"),
    "delete": lambda part, who, chat, message: part.delete(who, chat, message),
    "fork": lambda part, who, chat, message: part.fork(who, chat, message_id=message),
}


@pytest.mark.parametrize("call", _CALLS)
async def test_another_persons_conversation_is_not_found(
    branches: Branches, ann: Principal, ben: Principal, tree: Conversation, call: str
) -> None:
    before = await branches.show(ann, tree.id)
    with pytest.raises(NotFound):
        await _CALLS[call](branches, ben, tree.id, "a4")

    assert await branches.show(ann, tree.id) == before


@pytest.mark.parametrize("call", [name for name in _CALLS if name != "show"])
@pytest.mark.parametrize("message_id", ["", "a9", "'; --", "x" * 10_000])
async def test_a_message_that_is_not_of_the_conversation_is_not_found(
    branches: Branches,
    conversations: Conversations,
    ann: Principal,
    tree: Conversation,
    call: str,
    message_id: str,
) -> None:
    other = await conversations.create(ann)

    with pytest.raises(NotFound):
        await _CALLS[call](branches, ann, tree.id, message_id)
    with pytest.raises(NotFound):
        await _CALLS[call](branches, ann, other.id, "a4")


@pytest.mark.parametrize(
    "fields",
    [{"limit": 0}, {"limit": 1_001}, {"leaf_id": "a1", "through": "a1"}],
)
async def test_what_cannot_be_shown_is_refused(
    branches: Branches, ann: Principal, tree: Conversation, fields: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequest):
        await branches.show(ann, tree.id, **fields)


@pytest.mark.parametrize("content", ["", "x" * 1_000_001, "\ud800"])
async def test_a_text_out_of_bounds_is_refused(
    branches: Branches, ann: Principal, tree: Conversation, content: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await branches.edit(ann, tree.id, "a1", content=content)

    assert refusal.value.param == "content"


@pytest.mark.parametrize("title", ["", "x" * 201])
async def test_a_title_out_of_bounds_is_refused(
    branches: Branches, ann: Principal, tree: Conversation, title: str
) -> None:
    with pytest.raises(InvalidRequest):
        await branches.fork(ann, tree.id, title=title)
