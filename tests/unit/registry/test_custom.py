"""Custom models over the API's core: whose they are, who sees and changes them, which files they make."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from aiportal.errors import (
    ConfigError,
    Conflict,
    InvalidRequest,
    ModelNotFound,
    NotFound,
    PermissionDenied,
    RequestTooLarge,
)
from aiportal.principal import Principal
from aiportal.registry import CustomDraft, CustomModels, custom
from tests.unit.registry.configs import ADMIN, ANN, BOB, FAST, SLOW, write_config
from tests.unit.registry.following import Followed, following

SHIPPED = {"id": "custom/shipped", "baseModel": "acme/fast"}
STAFF = {"id": "acme/staff", "provider": "acme", "access": {"users": ["ann"]}}


@pytest.fixture
async def followed(tmp_path: Path) -> AsyncIterator[Followed]:
    """With three plain models, one of them for Ann alone, and a shipped custom one."""
    folder = write_config(tmp_path, FAST, SLOW, STAFF, SHIPPED)
    async with following(tmp_path, folder) as followed:
        yield followed


@pytest.fixture
def customs(followed: Followed) -> CustomModels:
    return followed.registry.custom_models


def draft(**fields: Any) -> CustomDraft:
    """A draft of `custom/poet` on `acme/fast`; fields as in a file."""
    whole = {"id": "custom/poet", "baseModel": "acme/fast", "systemPrompt": "Rhyme."} | fields
    return CustomDraft.model_validate(whole)


async def test_what_is_made_is_in_service_and_on_disk(
    followed: Followed, customs: CustomModels
) -> None:
    made = await customs.create(ANN, draft(parameters={"temperature": 0}, tools=["calculator"]))
    assert (made.owner, made.shared, made.tools) == ("ann", False, ("calculator",))
    model = followed.registry.resolve(ANN, "custom/poet")
    assert (model.system_prompt, model.parameters) == ("Rhyme.", {"temperature": 0})
    (file,) = (followed.folder / "models" / "custom").iterdir()
    assert file.name == "poet.json"
    assert json.loads(file.read_text())["owner"] == "ann"


async def test_an_unshared_one_is_for_its_owner_and_administrators(
    followed: Followed, customs: CustomModels
) -> None:
    await customs.create(ANN, draft())
    with pytest.raises(ModelNotFound):
        followed.registry.resolve(BOB, "custom/poet")
    assert "custom/poet" not in {one.id for one in await customs.list(BOB)}
    assert "custom/poet" not in {one.id for one in await followed.registry.list(BOB)}
    for principal in (ANN, ADMIN):
        assert followed.registry.resolve(principal, "custom/poet")
        assert (await customs.get(principal, "custom/poet")).system_prompt == "Rhyme."


async def test_another_users_is_not_found_whatever_is_done_to_it(customs: CustomModels) -> None:
    await customs.create(ANN, draft())
    with pytest.raises(NotFound):
        await customs.get(BOB, "custom/poet")
    with pytest.raises(NotFound):
        await customs.replace(BOB, "custom/poet", draft())
    with pytest.raises(NotFound):
        await customs.delete(BOB, "custom/poet")


async def test_a_shared_one_may_be_used_by_all_and_changed_by_its_owner(
    followed: Followed, customs: CustomModels
) -> None:
    await customs.create(ANN, draft(shared=True))
    assert followed.registry.resolve(BOB, "custom/poet")
    with pytest.raises(PermissionDenied):
        await customs.replace(BOB, "custom/poet", draft(shared=True))
    with pytest.raises(PermissionDenied):
        await customs.delete(BOB, "custom/poet")
    await customs.replace(ANN, "custom/poet", draft(shared=False))
    with pytest.raises(ModelNotFound):
        followed.registry.resolve(BOB, "custom/poet")


async def test_a_shipped_one_is_changed_by_administrators_alone(customs: CustomModels) -> None:
    with pytest.raises(PermissionDenied):
        await customs.delete(ANN, "custom/shipped")
    changed = await customs.replace(ADMIN, "shipped", draft(id=None, name="Mine", shared=True))
    assert (changed.id, changed.name, changed.owner) == ("custom/shipped", "Mine", None)


async def test_a_change_keeps_what_only_the_file_can_say(
    followed: Followed, customs: CustomModels
) -> None:
    restricted = SHIPPED | {"access": {"users": ["ann"]}, "retries": 7}
    followed.write("3.json", restricted)
    await followed.registry.reload(ADMIN)
    await customs.replace(ADMIN, "custom/shipped", draft(id=None, shared=True))
    assert followed.has("custom/shipped", system_prompt="Rhyme.")
    with pytest.raises(ModelNotFound):
        followed.registry.resolve(BOB, "custom/shipped")


async def test_a_removed_one_leaves_no_file(followed: Followed, customs: CustomModels) -> None:
    await customs.create(ANN, draft())
    assert await customs.delete(ANN, "poet") == "custom/poet"
    assert not followed.has("custom/poet")
    assert list((followed.folder / "models" / "custom").iterdir()) == []


async def test_nobody_gets_at_a_model_by_way_of_a_custom_one(
    followed: Followed, customs: CustomModels
) -> None:
    with pytest.raises(InvalidRequest, match="acme/staff"):
        await customs.create(BOB, draft(baseModel="acme/staff"))
    await customs.create(ANN, draft(baseModel="acme/staff", shared=True))
    with pytest.raises(ModelNotFound):
        followed.registry.resolve(BOB, "custom/poet")
    with pytest.raises(NotFound):
        await customs.get(BOB, "custom/poet")


async def test_access_in_a_custom_models_file_does_not_widen_that_of_its_base(
    followed: Followed,
) -> None:
    followed.write(
        "4.json", {"id": "custom/x", "baseModel": "acme/staff", "access": {"users": ["bob"]}}
    )
    await followed.registry.reload(ADMIN)
    for principal in (ANN, BOB):
        with pytest.raises(ModelNotFound):
            followed.registry.resolve(principal, "custom/x")


@pytest.mark.parametrize("base", ["acme/none", "custom/shipped"])
async def test_the_base_must_be_a_model_of_a_provider(customs: CustomModels, base: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        await customs.create(ANN, draft(baseModel=base))
    assert raised.value.param == "baseModel"


async def test_a_restricted_key_gets_at_no_other_model(customs: CustomModels) -> None:
    poet_only = Principal("ann", "ann", "user", "key", frozenset({"custom/poet", "acme/fast"}))
    with pytest.raises(PermissionDenied):
        await customs.create(poet_only, draft(id="custom/other"))
    with pytest.raises(PermissionDenied):
        await customs.create(poet_only, draft(baseModel="acme/slow"))
    await customs.create(poet_only, draft())
    with pytest.raises(PermissionDenied):
        await customs.replace(poet_only, "custom/poet", draft(baseModel="acme/slow"))
    assert [one.id for one in await customs.list(poet_only)] == ["custom/poet"]


async def test_an_id_that_there_is_is_a_conflict(customs: CustomModels) -> None:
    await customs.create(ANN, draft())
    with pytest.raises(Conflict):
        await customs.create(BOB, draft())


async def test_without_an_id_it_is_made_from_the_name(customs: CustomModels) -> None:
    unnamed = draft(id=None, name="  Ünser Poet! ")
    made = [(await customs.create(ANN, unnamed)).id for _ in range(2)]
    assert made == ["custom/nser-poet", "custom/nser-poet-2"]
    with pytest.raises(InvalidRequest):
        await customs.create(ANN, draft(id=None))


@pytest.mark.parametrize(
    "model_id",
    [
        "custom/../x",
        "custom/..",
        "custom/.x",
        "custom/a/b",
        "custom/A",
        "custom/a\n",
        "custom/a\\b",
        "custom/",
        "poet",
        "acme/x",
        "custom/" + "a" * 81,
    ],
)
def test_an_id_cannot_be_a_path(model_id: str) -> None:
    with pytest.raises(ValidationError):
        draft(id=model_id)


@pytest.mark.parametrize(
    "fields",
    [
        {"systemPrompt": "a" * 100_001},
        {"parameters": {"model": "acme/slow"}},
        {"parameters": {"messages": []}},
        {"owner": "bob"},
        {"access": {}},
    ],
)
def test_a_draft_has_bounds(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        draft(**fields)


async def test_a_file_has_a_bound(followed: Followed, customs: CustomModels) -> None:
    parameters = {"stop": "😀" * 199_000}
    with pytest.raises(RequestTooLarge):
        await customs.create(ANN, draft(parameters=parameters, systemPrompt="😀" * 100_000))
    assert list((followed.folder / "models").glob("custom/*")) == []


async def test_a_user_has_a_bound(customs: CustomModels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custom, "MAX_PER_USER", 1)
    await customs.create(ANN, draft())
    with pytest.raises(Conflict, match="You have 1"):
        await customs.create(ANN, draft(id="custom/other"))
    assert await customs.create(BOB, draft(id="custom/other"))


async def test_a_folder_that_cannot_be_written_is_told_without_its_path(
    followed: Followed, customs: CustomModels
) -> None:
    (followed.folder / "models" / "custom").write_text("in the way")
    with pytest.raises(ConfigError) as raised:
        await customs.create(ANN, draft())
    assert str(followed.folder) not in raised.value.message


async def test_ones_own_is_seen_and_removed_also_when_its_base_is_gone(
    followed: Followed, customs: CustomModels
) -> None:
    await customs.create(ANN, draft(baseModel="acme/slow", shared=True))
    (followed.folder / "models" / "any" / "1.json").unlink()
    await followed.registry.reload(ADMIN)
    assert not followed.has("custom/poet")
    assert (await customs.get(ANN, "custom/poet")).base_model == "acme/slow"
    with pytest.raises(NotFound):
        await customs.get(BOB, "custom/poet")
    await customs.delete(ANN, "custom/poet")
    assert followed.registry.problems == ()


async def test_the_list_goes_on_after_an_id(customs: CustomModels) -> None:
    await customs.create(ANN, draft())
    assert [one.id for one in await customs.list(ANN, limit=1)] == ["custom/poet"]
    assert [one.id for one in await customs.list(ANN, after="custom/poet")] == ["custom/shipped"]
