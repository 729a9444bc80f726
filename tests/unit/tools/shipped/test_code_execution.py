"""Code execution without the sandbox around it: values, errors by their lines, figures, sessions."""

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tools.shipped.controllers import BOX, TOOLS

Execute = Callable[..., Any]


@pytest.fixture
def execute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Execute:
    """Runs code as the calls of one fresh process do, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(BOX)
    file = TOOLS / "code-execution" / "controller.py"
    spec = importlib.util.spec_from_file_location("fresh_code_execution", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda code, **more: module.run({"code": code, **more})


VALUES = {
    "6 * 7": 42,
    "x = 5": None,
    "print(1)\n'a' + 'b'": "ab",
    "": None,
    "# nothing": None,
    "import asyncio\nawait asyncio.sleep(0)\n3": 3,
    "async def f():\n    return 4\nawait f()": 4,
    "if __name__ == '__main__':\n    x = 1\nx": 1,
    "import sys\nsys.exit()": None,
    "exit(0)": None,
    "class P:\n    x: int = 2\nP().x": 2,
    "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\nP(3).x": 3,
    "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nfib(10)": 55,
    "import pickle\nclass C:\n    pass\ntype(pickle.loads(pickle.dumps(C()))).__name__": "C",
    "lines = [line for line in 'a\\nb'.splitlines()]; len(lines)": 2,
}

ERRORS = {
    "1 / 0": ("ZeroDivisionError", "division by zero (line 1: 1 / 0)"),
    "x = 1\ny = z": ("NameError", "name 'z' is not defined (line 2: y = z)"),
    "class Mine(Exception):\n    pass\nraise Mine('hm')": ("Mine", "hm (line 3: raise Mine('hm'))"),
    "raise KeyboardInterrupt": (
        "KeyboardInterrupt",
        "KeyboardInterrupt (line 1: raise KeyboardInterrupt)",
    ),
    "def f(n):\n    return f(n)\nf(1)": ("RecursionError", "maximum recursion depth exceeded"),
    "x = (1,\ny": ("SyntaxError", "'(' was never closed (line 1)\nx = (1,\n    ^"),
    "  x = 1": ("IndentationError", "unexpected indent (line 1)"),
    "return 3": ("SyntaxError", "'return' outside function (line 1)"),
    "input('Name? ')": ("EOFError", "cannot be answered"),
    "import nonexistent": ("ModuleNotFoundError", "No module named 'nonexistent' (line 1"),
    "open('gone.txt')": ("FileNotFoundError", "No such file or directory: 'gone.txt'"),
}


@pytest.mark.parametrize(("code", "value"), VALUES.items())
def test_the_value_of_the_last_expression_comes_back(
    execute: Execute, code: str, value: object
) -> None:
    assert execute(code) == value


@pytest.mark.parametrize(("code", "error"), ERRORS.items())
def test_an_error_names_its_kind_and_its_line(
    execute: Execute, code: str, error: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Exception, match=re.escape(error[1])) as raised:
        execute(code)
    assert type(raised.value).__name__ == error[0]
    report = capsys.readouterr().err
    assert error[0] in report
    assert len(report.splitlines()) < 70


def test_the_traceback_shows_the_code_and_nothing_of_ours(
    execute: Execute, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Exception, match="division"):
        execute("def half(n):\n    return n / 0\n\nhalf(3)")
    lines = capsys.readouterr().err.splitlines()
    assert lines[:5] == [
        "Traceback (most recent call last):",
        '  File "<code>", line 4, in <module>',
        "    half(3)",
        '  File "<code>", line 2, in half',
        "    return n / 0",
    ]
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_variables_stay_and_an_error_names_the_call_it_came_from(execute: Execute) -> None:
    execute("def bad():\n    return 1 / 0\n\ncount = 1")
    assert execute("count += 1\ncount") == 2
    with pytest.raises(Exception, match=r"\(line 2 of code: return 1 / 0\)"):
        execute("bad()")
    assert execute("count") == 2


@pytest.mark.parametrize("code", ["import sys\nsys.exit(3)", "raise SystemExit('enough')"])
def test_an_end_with_a_code_is_no_success(execute: Execute, code: str) -> None:
    with pytest.raises(SystemExit):
        execute(code)


@pytest.mark.parametrize("language", ["javascript", "bash", "R"])
def test_another_language_is_refused_in_words(execute: Execute, language: str) -> None:
    with pytest.raises(Exception, match="Only Python can be run here") as raised:
        execute("1", language=language)
    assert type(raised.value).__name__ == "ToolError"
    assert execute("1", language="Python") == 1


def test_figures_become_files_with_numbers_that_go_on(execute: Execute) -> None:
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nplt.bar([1], [2])"
    assert execute(plot) is None
    execute("plt.figure()\nplt.figure(); plt.title('t'); plt.text(0, 0, 'x')")
    files = sorted(Path().glob("*.png"))
    assert [file.name for file in files] == ["figure-01.png", "figure-02.png", "figure-03.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)


def test_figures_beyond_the_most_are_told_and_names_sort_in_order(
    execute: Execute, capsys: pytest.CaptureFixture[str]
) -> None:
    plots = (
        "import matplotlib.pyplot as plt\nfor n in range(11):\n    plt.figure(); plt.plot([n])\n"
    )
    execute(f"{plots}plt.show()\n{plots}")
    names = sorted(file.name for file in Path().glob("*.png"))
    assert names == [f"figure-{number:02}.png" for number in range(1, 21)]
    assert "The first 20 of 22 figures are saved" in capsys.readouterr().err
    execute("plt.plot([1])")
    assert Path("figure-21.png").exists()
    assert capsys.readouterr().err == ""


def test_a_figure_is_kept_when_the_code_fails_after_it(execute: Execute) -> None:
    with pytest.raises(Exception, match="division"):
        execute("import matplotlib.pyplot as plt\nplt.plot([1, 2])\n1 / 0")
    assert Path("figure-01.png").exists()


def test_of_large_values_the_ends_are_told(execute: Execute) -> None:
    frame = execute("import pandas as pd\npd.DataFrame({'a': range(1000)})")
    assert (frame["shape"], len(frame["head"]), len(frame["tail"])) == ([1000, 1], 20, 20)
    array = execute("import numpy as np\nnp.zeros((500, 500))")
    assert (array["shape"], array["dtype"]) == ([500, 500], "float64")
    assert len(array["text"]) < 1000


def test_a_small_table_and_a_group_are_told_whole(execute: Execute) -> None:
    code = "import pandas as pd\nframe = pd.DataFrame({'k': list('aab'), 'v': [1, 2, 4]})\nframe"
    assert list(execute(code)["v"]) == [1, 2, 4]
    assert "2 groups" in execute("frame.groupby('k')")


def test_a_file_of_the_call_can_be_imported(execute: Execute) -> None:
    Path("helper_of_the_call.py").write_text("value = 7")
    assert execute("import helper_of_the_call\nhelper_of_the_call.value") == 7
