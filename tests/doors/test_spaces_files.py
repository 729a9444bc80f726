"""What Hugging Face Spaces read of the repository says the same as pyproject.toml."""

import tomllib
from pathlib import Path
from typing import Any

import aiportal

ROOT = Path(__file__).parents[2]


def _project() -> dict[str, Any]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"])


def _front_matter() -> dict[str, str]:
    """The plain `key: value` lines between the two rules that README.md opens with."""
    lines = (ROOT / "README.md").read_text().split("---\n")[1].splitlines()
    pairs = (line.split("#")[0].partition(":") for line in lines)
    return {key.strip(): value.strip().strip('"') for key, _, value in pairs}


def test_a_space_installs_what_the_project_needs() -> None:
    project = _project()
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    asked = [line for line in lines if line and not line.startswith("#")]
    extras = project["optional-dependencies"]
    assert asked == [*project["dependencies"], *extras["local"], *extras["tools"]]


def test_a_space_starts_our_app_on_our_gradio_and_python() -> None:
    front = _front_matter()
    (gradio,) = [one for one in _project()["dependencies"] if one.startswith("gradio==")]
    assert front["sdk"] == "gradio"
    assert f"gradio=={front['sdk_version']}" == gradio
    assert _project()["requires-python"] == f">={front['python_version']}"
    assert (ROOT / front["app_file"]).name == "app.py"


def test_the_version_is_the_same_everywhere() -> None:
    assert aiportal.__version__ == _project()["version"]
