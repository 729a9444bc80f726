"""notebooks/ are executed, on the real embedded model, and hold no outputs."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
RUN_TIMEOUT_S = 100


@pytest.fixture
def environment(tmp_path: Path, weights_cache: Path) -> Mapping[str, str]:
    """A newcomer's: nothing is there but the fetched model."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "AIPORTAL_DATA_DIR": str(tmp_path / "data"),
        "AIPORTAL_CACHE_DIR": str(weights_cache),
        "AIPORTAL_MODEL_CONFIG_DIR": str(ROOT / "model_config"),
    }


def _cells(path: Path) -> list[dict[str, Any]]:
    return [dict(cell) for cell in json.loads(path.read_text())["cells"]]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_from_its_first_cell_to_its_last(
    path: Path, environment: Mapping[str, str], tmp_path: Path
) -> None:
    read: Any = nbformat.read
    notebook = read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=RUN_TIMEOUT_S, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute(env=environment)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    written = [output.get("text", "") for output in outputs if output["output_type"] == "stream"]
    assert "Paris" in json.dumps(outputs)
    assert not any("Error" in text or "Warning" in text for text in written)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    code = [cell for cell in _cells(path) if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)


def test_there_is_a_notebook_to_begin_with() -> None:
    assert [path.name for path in NOTEBOOKS][:1] == ["01_quickstart.ipynb"]
