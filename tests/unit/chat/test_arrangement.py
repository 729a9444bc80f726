"""Conversations are pinned, archived, tagged and moved, one by one or many at once."""

from typing import Any

import pytest

from aiportal.chat import BulkChange, Conversation, Conversations, ListFilter, Projects
from aiportal.chat.arrangement import BulkAction
from aiportal.errors import InvalidRequest, NotFound
from aiportal.principal import Principal
from aiportal.store import Database


@pytest.fixture
def projects(database: Database) -> Projects:
    return Projects(database)


async def _titles(conversations: Conversations, principal: Principal, **narrowed: Any) -> list[str]:
    page = await conversations.list(principal, narrowed=ListFilter(**narrowed))
    return [one.title for one in page.data]


async def test_a_list_is_narrowed_by_what_the_user_has_arranged(
    conversations: Conversations, projects: Projects, ann: Principal
) -> None:
    project = await projects.create(ann, name="Garden")
    a, b, c, d = [await conversations.create(ann, title=title) for title in "abcd"]
    await conversations.update(ann, a.id, is_pinned=True)
    await conversations.update(ann, b.id, is_archived=True, tags=["Roses"])
    await conversations.update(ann, c.id, tags=["Soil", "roses"], project_id=project.id)
    await conversations.update(ann, d.id, project_id=project.id)
    await conversations.update(ann, d.id, project_id="")

    assert await _titles(conversations, ann) == ["d", "c", "a"]
    assert await _titles(conversations, ann, is_pinned=True) == ["a"]
    assert await _titles(conversations, ann, is_pinned=False) == ["d", "c"]
    assert await _titles(conversations, ann, is_archived=True) == ["b"]
    assert await _titles(conversations, ann, tag="ROSES") == ["c"]
    assert await _titles(conversations, ann, tag="ROSES", is_archived=True) == ["b"]
    assert await _titles(conversations, ann, project_id=project.id) == ["c"]
    overview = await conversations.overview(ann, narrowed=ListFilter())
    assert [one.title for one in overview.pinned.data] == ["a"]
    assert [one.title for one in overview.others.data] == ["d", "c"]
    assert overview.tags == ["Roses", "roses", "Soil"]
    of_project = await conversations.overview(ann, narrowed=ListFilter(project_id=project.id))
    assert [one.title for one in of_project.others.data] == ["c"]
    assert (of_project.pinned.data, of_project.tags) == ([], [])


async def test_a_change_leaves_the_place_in_the_list_and_comes_back(
    conversations: Conversations, ann: Principal, chat: Conversation
) -> None:
    await conversations.create(ann, title="newer")

    changed = await conversations.update(
        ann, chat.id, is_pinned=True, is_archived=True, tags=["  a \n b ", "A B", "c"]
    )

    assert (changed.is_pinned, changed.is_archived, changed.tags) == (True, True, ("a b", "c"))
    assert changed.updated_at == chat.updated_at
    assert await conversations.get(ann, chat.id) == changed
    assert (await conversations.update(ann, chat.id, tags=[])).tags == ()


@pytest.mark.parametrize(
    "tags", [[""], [" "], ["x" * 51], ["\ud800"], [str(n) for n in range(21)], ["x"] * 1_001]
)
async def test_tags_are_bounded(
    conversations: Conversations, ann: Principal, chat: Conversation, tags: list[str]
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await conversations.update(ann, chat.id, tags=tags)

    assert refusal.value.param == "tags"
    assert (await conversations.get(ann, chat.id)).tags == ()


@pytest.mark.parametrize(
    ("action", "seen"),
    [
        ("pin", {"is_pinned": True}),
        ("unpin", {"is_pinned": False}),
        ("archive", {"is_archived": True}),
        ("unarchive", {"is_archived": False}),
        ("tag", {"tags": ("old", "new")}),
        ("untag", {"tags": ()}),
    ],
)
async def test_many_are_changed_at_once(
    conversations: Conversations, ann: Principal, action: BulkAction, seen: dict[str, object]
) -> None:
    made = [await conversations.create(ann) for _ in range(3)]
    for one in made:
        await conversations.update(ann, one.id, tags=["old"], is_pinned=action == "unpin")
    tags = ["OLD"] if action == "untag" else ["new"]

    ids = [one.id for one in made[:2]]
    assert await conversations.change_all(ann, [*ids, ids[0]], BulkChange(action, tags=tags)) == ids

    first, second, third = [await conversations.get(ann, one.id) for one in made]
    assert {name: getattr(first, name) for name in seen} == seen
    assert {name: getattr(second, name) for name in seen} == seen
    assert third.tags == ("old",)


async def test_many_are_moved_into_a_project_and_out_again(
    conversations: Conversations, projects: Projects, ann: Principal
) -> None:
    project = await projects.create(ann, name="Garden")
    ids = [(await conversations.create(ann)).id for _ in range(2)]

    await conversations.change_all(ann, ids, BulkChange("move", project_id=project.id))
    assert [(await conversations.get(ann, one)).project_id for one in ids] == [project.id] * 2
    await conversations.change_all(ann, ids, BulkChange("move"))
    assert [(await conversations.get(ann, one)).project_id for one in ids] == [None] * 2


@pytest.mark.parametrize("action", ["archive", "delete", "tag", "move", "restore"])
async def test_one_that_is_not_ones_own_leaves_all_as_they_were(
    conversations: Conversations,
    ann: Principal,
    ben: Principal,
    chat: Conversation,
    action: BulkAction,
) -> None:
    mine = await conversations.create(ben)

    with pytest.raises(NotFound) as refusal:
        await conversations.change_all(ben, [mine.id, chat.id], BulkChange(action, tags=["x"]))

    assert refusal.value.param == "ids"
    assert await conversations.get(ben, mine.id) == mine
    assert await conversations.get(ann, chat.id) == chat


async def test_a_tag_too_many_for_one_leaves_all_as_they_were(
    conversations: Conversations, ann: Principal
) -> None:
    free, full = await conversations.create(ann), await conversations.create(ann)
    await conversations.update(ann, full.id, tags=[str(n) for n in range(20)])

    with pytest.raises(InvalidRequest):
        await conversations.change_all(ann, [free.id, full.id], BulkChange("tag", tags=["x"]))

    assert (await conversations.get(ann, free.id)).tags == ()


async def test_another_persons_project_is_not_found(
    conversations: Conversations, projects: Projects, ann: Principal, ben: Principal
) -> None:
    theirs = await projects.create(ben, name="Secret")
    chat = await conversations.create(ann)

    with pytest.raises(NotFound):
        await conversations.create(ann, project_id=theirs.id)
    with pytest.raises(NotFound):
        await conversations.update(ann, chat.id, project_id=theirs.id)
    with pytest.raises(NotFound):
        await conversations.change_all(ann, [chat.id], BulkChange("move", project_id=theirs.id))
    with pytest.raises(NotFound):
        await conversations.list(ann, narrowed=ListFilter(project_id=theirs.id))
    assert await conversations.get(ann, chat.id) == chat


@pytest.mark.parametrize("ids", [[], ["conv_1"] * 1_001, ["\ud800"], ["x" * 101]])
async def test_ids_are_bounded(
    conversations: Conversations, ann: Principal, ids: list[str]
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await conversations.change_all(ann, ids, BulkChange("pin"))

    assert refusal.value.param == "ids"
