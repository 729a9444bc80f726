"""What the documentation claims is true."""

import json
import re
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from aiportal.registry import Registry
from aiportal.settings import Settings
from aiportal.tools import ToolRegistry

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
NAME = re.compile(r"`((?:aiportal|pages)(?:\.\w+)+)`")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


def resolve(name: str) -> object:
    """The module, class or function of that dotted name. Raises AttributeError."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise AttributeError(name)


def names_in(page: Path) -> list[str]:
    return sorted(set(NAME.findall(page.read_text())))


def test_the_request_path_names_much_and_all_of_it_exists() -> None:
    names = names_in(ROOT / "docs" / "request-path.md")
    assert len(names) > 30
    assert [name for name in names if _is_missing(name)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_name_of_ours_in_a_page_exists(page: Path) -> None:
    assert [name for name in names_in(page) if _is_missing(name)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_links_to_is_there(page: Path) -> None:
    links = LINK.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_setting_is_in_the_docs_and_in_the_example() -> None:
    for page in (ROOT / "docs" / "settings.md", ROOT / ".env.example"):
        named = set(re.findall(r"AIPORTAL_[A-Z_]+", page.read_text()))
        assert {f"AIPORTAL_{name.upper()}" for name in Settings.model_fields} <= named


def test_every_setting_says_what_it_is_for() -> None:
    fields = Settings.model_fields.items()
    assert [name for name, field in fields if len(field.description or "") < 20] == []


def test_the_model_files_in_the_guide_are_right(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "model_config", tmp_path / "model_config")
    folder = tmp_path / "model_config"
    for number, block in enumerate(json_blocks(ROOT / "docs" / "models.md")):
        if "providers" in block:
            config = json.loads((folder / "config.json").read_text())
            config["providers"] |= block["providers"]
            (folder / "config.json").write_text(json.dumps(config))
        else:
            _without(folder, str(block["id"]))
            (folder / "models" / f"guide-{number}.json").write_text(json.dumps(block))
    settings = Settings(data_dir=tmp_path, cache_dir=tmp_path, model_config_dir=folder)
    assert [str(problem) for problem in Registry.load_now(settings).problems] == []


def test_the_tools_in_the_guide_are_right(tmp_path: Path) -> None:
    page = ROOT / "docs" / "tools.md"
    python = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    programs = [block for block in python if "from aiportal import" not in block]
    blocks = list(json_blocks(page))
    for block, program in zip((one for one in blocks if "id" in one), programs, strict=True):
        folder = tmp_path / "tools" / str(block["id"])
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps(block))
        (folder / "controller.py").write_text(program)
    for common in (one for one in blocks if "id" not in one):
        (tmp_path / "tools" / "config.json").write_text(json.dumps(common))
        registry = ToolRegistry.load_now(Settings(data_dir=tmp_path, tools_dir=tmp_path / "tools"))
        assert [str(problem) for problem in registry.problems] == []
        assert list(registry.tools) == ["greeter", "weather"]


def json_blocks(page: Path) -> Iterator[dict[str, dict[str, object]]]:
    """Every JSON object that a page shows in a block of its own."""
    for block in re.findall(r"^```json\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        yield json.loads(block)


def _without(folder: Path, model_id: str) -> None:
    """Make room for an id of the guide that the shipped config has, too."""
    for path in folder.glob("models/*/*.json"):
        if json.loads(path.read_text())["id"] == model_id:
            path.unlink()


def _is_missing(name: str) -> bool:
    try:
        resolve(name)
    except AttributeError:
        return True
    return False
