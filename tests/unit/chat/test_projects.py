"""Projects hold conversations, and say how their turns are asked."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aiportal.chat import Conversations, Projects, Turns
from aiportal.chat import projects as module
from aiportal.errors import Conflict, InvalidRequest, NotFound
from aiportal.principal import Principal
from aiportal.store import Database
from tests.unit.chat.asking import ask, sent
from tests.upstreams import Upstream


@pytest.fixture
def projects(database: Database) -> Projects:
    return Projects(database)


async def test_a_project_is_made_read_and_changed(projects: Projects, ann: Principal) -> None:
    made = await projects.create(ann, name=" My \n garden ", instructions="Be kind.", model="a/b")

    renamed = await projects.update(ann, made.id, name="Yard")
    cleared = await projects.update(ann, made.id, instructions="", model="")

    assert (made.name, made.instructions, made.model) == ("My garden", "Be kind.", "a/b")
    assert (renamed.name, renamed.instructions, renamed.model) == ("Yard", "Be kind.", "a/b")
    assert (cleared.name, cleared.instructions, cleared.model) == ("Yard", "", None)
    assert await projects.get(ann, made.id) == cleared


async def test_the_list_is_newest_first_and_pages_meet(projects: Projects, ann: Principal) -> None:
    made = [await projects.create(ann, name=f"n{number}") for number in range(3)]

    first = await projects.list(ann, limit=2)
    second = await projects.list(ann, limit=2, after=first.data[-1].id)

    assert [*first.data, *second.data] == made[::-1]
    assert (first.has_more, second.has_more) == (True, False)


async def test_deleting_a_project_keeps_its_conversations(
    projects: Projects, conversations: Conversations, ann: Principal
) -> None:
    project = await projects.create(ann, name="Garden")
    chat = await conversations.create(ann, project_id=project.id)

    await projects.delete(ann, project.id)

    assert (await conversations.get(ann, chat.id)).project_id is None
    with pytest.raises(NotFound):
        await projects.get(ann, project.id)


async def test_its_instructions_stand_before_the_system_prompt_of_every_turn(
    projects: Projects,
    conversations: Conversations,
    turns: Turns,
    upstream: Upstream,
    ann: Principal,
) -> None:
    project = await projects.create(ann, name="Garden", instructions="Talk of plants.")
    chat = await conversations.create(ann, system_prompt="Be brief.", project_id=project.id)

    await ask(turns, ann, chat, "Hi")
    assert sent(upstream) == [("system", "Talk of plants.\n\nBe brief."), ("user", "Hi")]
    await conversations.update(ann, chat.id, system_prompt="")
    await ask(turns, ann, chat, "Again")
    assert sent(upstream)[0] == ("system", "Talk of plants.")
    await conversations.update(ann, chat.id, project_id="")
    await ask(turns, ann, chat, "And again")
    assert sent(upstream)[0][0] == "user"


async def test_its_model_serves_conversations_that_name_none(
    projects: Projects,
    conversations: Conversations,
    turns: Turns,
    ann: Principal,
) -> None:
    project = await projects.create(ann, name="Garden", model="acme/slow")
    plain = await conversations.create(ann, project_id=project.id)
    own = await conversations.create(ann, project_id=project.id, model="acme/fast")

    assert (await ask(turns, ann, plain, "Hi")).model == "acme/slow"
    assert (await ask(turns, ann, own, "Hi")).model == "acme/fast"


_CALLS: dict[str, Callable[[Projects, Principal, str], Awaitable[object]]] = {
    "get": lambda part, who, which: part.get(who, which),
    "update": lambda part, who, which: part.update(who, which, name="Mine"),
    "delete": lambda part, who, which: part.delete(who, which),
    "list": lambda part, who, which: part.list(who, after=which),
}


@pytest.mark.parametrize("call", _CALLS)
async def test_another_persons_project_is_not_found(
    projects: Projects, ann: Principal, ben: Principal, call: str
) -> None:
    made = await projects.create(ann, name="Garden")

    with pytest.raises(NotFound):
        await _CALLS[call](projects, ben, made.id)

    assert await projects.get(ann, made.id) == made


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": "x", "instructions": "x" * 100_001}, "instructions"),
        ({"name": "x", "model": "x" * 101}, "model"),
    ],
)
async def test_what_is_out_of_bounds_is_refused_with_its_name(
    projects: Projects, ann: Principal, fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await projects.create(ann, **fields)

    assert refusal.value.param == param


async def test_a_user_has_a_bounded_number_of_them(
    projects: Projects, ann: Principal, ben: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PER_USER", 1)
    await projects.create(ann, name="One")
    await projects.create(ben, name="One")

    with pytest.raises(Conflict):
        await projects.create(ann, name="Two")
