"""What is read of a tool's folder, and what is not."""

from pathlib import Path

import pytest

from aiportal.tools import folders
from aiportal.tools.folders import MAX_BYTES
from tests.unit.tools.tool_folders import ECHO, config, load, write_tool


def test_a_folder_is_read_whole_but_for_what_only_the_portal_needs(tmp_path: Path) -> None:
    path = write_tool(tmp_path / "tools", config())
    (path / "lib").mkdir()
    (path / "lib" / "words.txt").write_text("a")
    (path / "__pycache__").mkdir()
    (path / "__pycache__" / "x.pyc").write_text("a")
    (path / ".secret").write_text("a")
    (path / "requirements.txt").write_text("idna\n")
    tool = load(tmp_path).tools["echo"]
    assert dict(tool.files) == {"controller.py": ECHO.encode(), "lib/words.txt": b"a"}
    assert tool.requirements == "idna\n"


def test_hidden_folders_and_files_beside_are_no_tools(tmp_path: Path) -> None:
    write_tool(tmp_path / "tools", config(), name=".git")
    write_tool(tmp_path / "tools", config(), name="__pycache__")
    (tmp_path / "tools" / "README.md").write_text("Tools")
    registry = load(tmp_path)
    assert (dict(registry.tools), registry.problems) == ({}, ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ("[" * 100_000, "nested too deeply"),
        ("\xff", "field required"),
        ("{}", "field required"),
    ],
)
def test_a_broken_config_is_told(tmp_path: Path, text: str, words: str) -> None:
    write_tool(tmp_path / "tools", text)
    (problem,) = load(tmp_path).problems
    assert problem.file == "tool/config.json"
    if text != "\xff":
        assert words in str(problem).lower() or words in str(problem)


@pytest.mark.parametrize(
    ("controller", "words"),
    [
        (None, "echo/controller.py: is missing"),
        ("def run(:\n", "echo/controller.py: `line 1`: is not Python"),
        ("(" * 10_000, "is not Python"),
        ("a\0b", "is not Python"),
    ],
)
def test_a_controller_that_is_no_program_is_told(
    tmp_path: Path, controller: str | None, words: str
) -> None:
    write_tool(tmp_path / "tools", config(), controller=controller)
    registry = load(tmp_path)
    (problem,) = registry.problems
    assert words in str(problem)
    assert not registry.tools


@pytest.mark.parametrize(
    "line",
    [
        "-e /somewhere",
        "--no-binary :all:",
        "--find-links=/somewhere",
        "-r /etc/passwd",
        "/somewhere/a.whl",
        "./a",
        "a.whl",
        "a.tar.gz",
        "idna @ https://user:word@example.org/a.whl",
        "https://user:word@example.org/a.whl",
        "idna --config-settings=a=b",
        "idna\\",
        "idna\x0c-e /somewhere",
    ],
)
def test_requirements_are_packages_alone(tmp_path: Path, line: str) -> None:
    path = write_tool(tmp_path / "tools", config())
    (path / "requirements.txt").write_text(f"# idna\nidna\n{line}\n")
    registry = load(tmp_path)
    (problem,) = registry.problems
    assert not registry.tools
    assert problem.file == "echo/requirements.txt"
    assert problem.field == ("line 4" if "\x0c" in line else "line 3")
    assert "word" not in str(problem)


def test_what_packages_are_needed_can_be_said_in_full(tmp_path: Path) -> None:
    path = write_tool(tmp_path / "tools", config())
    text = '\n# why\nidna>=3.4,<4  # for names\nhttpx[http2]==0.28.*; python_version > "3"\n'
    (path / "requirements.txt").write_text(text)
    assert load(tmp_path).tools["echo"].requirements == text


def test_nothing_is_read_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret")
    (tmp_path / "more").mkdir()
    path = write_tool(tmp_path / "tools", config())
    (path / "data").symlink_to(tmp_path / "secret")
    (path / "folder").symlink_to(tmp_path / "more")
    registry = load(tmp_path)
    assert not registry.tools
    assert [problem.file for problem in registry.problems] == ["echo/folder", "echo/data"]
    assert "links and devices are not taken" in str(registry.problems[0])


def test_a_folder_that_is_too_large_is_no_tool(tmp_path: Path) -> None:
    path = write_tool(tmp_path / "tools", config())
    (path / "weights.bin").write_bytes(bytes(MAX_BYTES))
    registry = load(tmp_path)
    assert not registry.tools
    assert f"{MAX_BYTES} bytes" in str(registry.problems[0])


def test_an_id_is_given_once(tmp_path: Path) -> None:
    write_tool(tmp_path / "tools", config(), name="a")
    write_tool(tmp_path / "tools", config(), name="b")
    registry = load(tmp_path)
    assert registry.tools["echo"].folder == "a"
    (problem,) = registry.problems
    assert (
        str(problem)
        == "b/config.json: `id` is 'echo': already the id of a/config.json; choose another"
    )


def test_all_tools_together_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_BYTES_IN_ALL", 2 * len(ECHO))
    for tool_id in ("a", "b", "c", "d"):
        write_tool(tmp_path / "tools", config(tool_id))
    registry = load(tmp_path)
    assert list(registry.tools) == ["a", "b"]
    (problem,) = registry.problems
    assert problem.file == "c"
    assert "all tools together" in problem.allowed
