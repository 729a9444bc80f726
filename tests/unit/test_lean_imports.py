"""Other libraries' imports without what costs seconds, each in a process that has imported nothing."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WITHOUT_PANDAS = """
import sys, aiportal, sqlite_utils
assert sqlite_utils.db.pd is None and not {"pandas", "numpy"} & sys.modules.keys()
import pandas
assert pandas.DataFrame([1]).shape == (1, 1)
"""
LATE_PANDAS = """
import sys, aiportal, pages
assert "pandas" not in sys.modules
import gradio.caching, pandas
assert gradio.caching.pd.DataFrame is pandas.DataFrame
assert "pandas" in pandas.__file__
"""
WITH_PANDAS = """
import sys, aiportal, pandas, sqlite_utils
assert sqlite_utils.db.pd is pandas is sys.modules["pandas"]
"""
WITHOUT_STUBS = """
import sys, aiportal
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
import gradio
assert gradio.Textbox.EVENTS and any(name.endswith(".pyc") for name in opened)
assert [name for name in opened if name.endswith(".pyi")] == []
"""
WITHOUT_MATPLOTLIB = """
import sys, pages
from gradio.route_utils import utils  # as it takes what it does around each event
pages.lean_gradio.install()
with utils.MatplotlibBackendMananger():
    assert "matplotlib" not in sys.modules
"""


def _run(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_store_does_not_bring_pandas_and_leaves_it_to_others() -> None:
    _run(WITHOUT_PANDAS)


def test_the_web_app_does_without_pandas_until_it_is_needed() -> None:
    _run(LATE_PANDAS)


def test_where_pandas_is_imported_already_it_stays() -> None:
    _run(WITH_PANDAS)


def test_gradio_writes_no_stubs() -> None:
    _run(WITHOUT_STUBS)


def test_no_event_of_the_web_app_brings_matplotlib() -> None:
    _run(WITHOUT_MATPLOTLIB)
