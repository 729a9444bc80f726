"""The registry follows its files."""

import asyncio
import json
import logging
import shutil
from contextlib import aclosing
from pathlib import Path

import pytest

from aiportal.errors import PermissionDenied
from aiportal.registry import Registry
from aiportal.registry.watch import changes
from aiportal.settings import Settings
from tests.unit.registry.configs import ADMIN, ANN, CONFIG, FAST, SLOW, write_config
from tests.unit.registry.following import following
from tests.waiting import until


async def test_a_new_file_is_a_new_model_and_a_removed_one_none(tmp_path: Path) -> None:
    async with following(tmp_path, write_config(tmp_path, FAST)) as followed:
        followed.write("new.json", SLOW)
        await until(lambda: followed.has("acme/slow"))
        (followed.folder / "models" / "any" / "new.json").unlink()
        await until(lambda: not followed.has("acme/slow"))
        assert followed.has("acme/fast")


async def test_a_bad_file_keeps_its_last_good_version_in_service_until_it_is_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with following(tmp_path, write_config(tmp_path, FAST | {"name": "1"})) as followed:
        followed.write("0.json", FAST | {"name": "2", "wieght": 7})
        await until(lambda: followed.registry.problems != ())
        assert followed.has("acme/fast", name="1")
        (problem,) = followed.registry.problems
        assert (problem.file, problem.field, problem.value) == ("models/any/0.json", "wieght", "7")
        assert str(problem) in caplog.text
        followed.write("0.json", FAST | {"name": "3"})
        await until(lambda: followed.has("acme/fast", name="3"))
        assert followed.registry.problems == ()


@pytest.mark.parametrize("change", [{"provider": "none"}, {"provider": None}])
async def test_a_file_that_names_no_provider_is_bad_too(
    tmp_path: Path, change: dict[str, object]
) -> None:
    async with following(tmp_path, write_config(tmp_path, FAST)) as followed:
        followed.write("0.json", FAST | change)
        await until(lambda: followed.registry.problems != ())
        assert followed.has("acme/fast")


async def test_a_custom_model_whose_new_base_is_none_stays_on_the_old_one(tmp_path: Path) -> None:
    custom = {"id": "custom/poet", "baseModel": "acme/fast"}
    async with following(tmp_path, write_config(tmp_path, FAST, custom)) as followed:
        followed.write("1.json", custom | {"baseModel": "acme/none"})
        await until(lambda: followed.registry.problems != ())
        assert followed.has("custom/poet", base_model="acme/fast")


async def test_a_bad_config_json_leaves_the_last_good_one_in_service(tmp_path: Path) -> None:
    async with following(tmp_path, write_config(tmp_path, FAST)) as followed:
        followed.configure("{")
        await until(lambda: followed.registry.problems != ())
        assert followed.registry.default_model == "acme/fast"
        followed.configure(CONFIG | {"timeouts": {"connect": 1}, "limits": {"maxMessages": 5}})
        await until(lambda: followed.registry.limits.max_messages == 5)
        assert followed.has("acme/fast")
        assert followed.registry.timeouts.connect_s == 1


async def test_a_folder_that_goes_away_leaves_its_models_and_is_followed_when_it_is_back(
    tmp_path: Path,
) -> None:
    folder = write_config(tmp_path, FAST)
    async with following(tmp_path, folder) as followed:
        folder.rename(tmp_path / "moved")
        await until(lambda: followed.registry.problems != ())
        assert followed.has("acme/fast")
        shutil.copytree(tmp_path / "moved", folder)
        await until(lambda: followed.registry.problems == ())
        followed.write("0.json", FAST | {"name": "mended"})
        await until(lambda: followed.has("acme/fast", name="mended"))


async def test_models_whose_provider_is_taken_away_stay_as_they_were(tmp_path: Path) -> None:
    async with following(tmp_path, write_config(tmp_path, FAST)) as followed:
        followed.configure({"providers": {}})
        await until(lambda: followed.registry.problems != ())
        model = followed.model("acme/fast")
        assert model is not None
        assert model.deployments[0].api_base == "http://127.0.0.1:9101/v1"


async def test_a_folder_that_is_swapped_by_a_link_is_followed(tmp_path: Path) -> None:
    """As Kubernetes changes the files of a ConfigMap."""
    folder = write_config(tmp_path, FAST | {"name": "1"})
    (folder / "models").rename(folder / "..1")
    shutil.copytree(folder / "..1", folder / "..2")
    (folder / "..2" / "any" / "0.json").write_text(json.dumps(FAST | {"name": "2"}))
    (folder / "..data").symlink_to("..1")
    (folder / "models").symlink_to("..data")
    async with following(tmp_path, folder) as followed:
        assert followed.has("acme/fast", name="1")
        (folder / "..tmp").symlink_to("..2")
        (folder / "..tmp").replace(folder / "..data")
        await until(lambda: followed.has("acme/fast", name="2"))
        assert followed.registry.problems == ()


async def test_ten_files_at_once_in_a_new_folder_are_ten_models(tmp_path: Path) -> None:
    folder = write_config(tmp_path)
    (folder / "models" / "any").rmdir()
    async with following(tmp_path, folder) as followed:
        (folder / "models" / "any").mkdir()
        for number in range(10):
            followed.write(f"{number}.json", FAST | {"id": f"acme/{number}"})
        await until(lambda: all(followed.has(f"acme/{number}") for number in range(10)))
        shutil.rmtree(folder / "models" / "any")
        await until(lambda: not any(followed.has(f"acme/{number}") for number in range(10)))


async def test_an_editor_that_writes_beside_and_renames_never_takes_the_model_away(
    tmp_path: Path,
) -> None:
    async with following(tmp_path, write_config(tmp_path, FAST)) as followed:
        file = followed.folder / "models" / "any" / "0.json"
        for name in ("a", "b", "c"):
            file.rename(file.with_suffix(".json~"))
            followed.write(".0.json.swp", "{")
            assert followed.has("acme/fast")
            followed.write("0.json", FAST | {"name": name})
        await until(lambda: followed.has("acme/fast", name="c"))


async def test_without_hot_reload_only_a_request_reads_anew(tmp_path: Path) -> None:
    folder = write_config(tmp_path, FAST, config=CONFIG | {"hotReload": False})
    async with following(tmp_path, folder) as followed:
        async with aclosing(changes(folder)) as seen:
            await anext(seen)
            followed.write("new.json", SLOW)
            await anext(seen)
            await anext(seen)  # a tick later; the registry's own watch has seen it by now
        assert not followed.has("acme/slow")
        models = await followed.registry.reload(ADMIN)
        assert [model.id for model in models] == ["acme/fast", "acme/slow"]


async def test_only_administrators_reload_and_see_problems(tmp_path: Path) -> None:
    folder = write_config(tmp_path, FAST)
    async with following(tmp_path, folder) as followed:
        with pytest.raises(PermissionDenied):
            await followed.registry.reload(ANN)
        with pytest.raises(PermissionDenied):
            followed.registry.problems_for(ANN)
        assert followed.registry.problems_for(ADMIN) == ()


async def test_what_was_resolved_before_a_change_stays_as_it_was(tmp_path: Path) -> None:
    async with following(tmp_path, write_config(tmp_path, FAST | {"name": "1"})) as followed:
        in_flight = followed.model("acme/fast")
        followed.write("0.json", FAST | {"name": "2"})
        await until(lambda: followed.has("acme/fast", name="2"))
        assert in_flight is not None
        assert in_flight.name == "1"


async def test_the_problems_of_the_start_are_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="aiportal"):
        async with following(tmp_path, write_config(tmp_path, "{")) as followed:
            assert str(followed.registry.problems[0]) in caplog.text


async def test_nothing_runs_on_after_the_context(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with following(tmp_path, write_config(tmp_path, FAST)):
        assert asyncio.all_tasks() != before
    assert asyncio.all_tasks() == before


async def test_outside_of_the_context_nothing_is_followed(tmp_path: Path) -> None:
    folder = write_config(tmp_path, FAST)
    before = asyncio.all_tasks()
    await Registry.load(Settings(data_dir=tmp_path, model_config_dir=folder))
    assert asyncio.all_tasks() == before
