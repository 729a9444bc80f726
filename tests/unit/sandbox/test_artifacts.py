"""Files that a program leaves."""

import pytest

from tests.unit.sandbox.conftest import MEGABYTE, Run

pytestmark = pytest.mark.asyncio(loop_scope="module")


def controller(*lines: str) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"import os, socket\nfrom pathlib import Path\ndef run(parameters):\n{body}"


async def test_files_and_folders_come_back(run: Run) -> None:
    outcome = await run(
        controller("Path('a.txt').write_text('A')", "os.makedirs('b/c')", "Path('b/c/d').touch()")
    )
    found = [(one.name, one.mime, one.data) for one in outcome.artifacts]
    assert found == [("a.txt", "text/plain", b"A"), ("b/c/d", "application/octet-stream", b"")]
    assert not outcome.is_truncated


@pytest.mark.parametrize(
    "lines",
    [
        ["os.symlink('/etc/passwd', 'x')"],
        ["os.symlink('/etc', 'x')"],
        ["os.symlink('/proc/self/environ', 'x')"],
        ["os.symlink('x', 'x')"],
        ["Path('x').touch()", "os.link('x', 'y')"],
        ["os.mkfifo('x')"],
        ["os.mknod('x', 0o20666, os.makedev(1, 5))"],
        ["socket.socket(socket.AF_UNIX).bind('x')"],
    ],
)
async def test_what_is_no_plain_file_does_not(run: Run, lines: list[str]) -> None:
    assert (await run(controller(*lines))).artifacts == ()


async def test_an_input_that_was_changed_is_an_artifact(run: Run) -> None:
    outcome = await run(controller("Path('in').write_text('new')"), files={"in": b"old"})
    assert [(one.name, one.data) for one in outcome.artifacts] == [("in", b"new")]


async def test_too_many_files(run: Run) -> None:
    outcome = await run(controller("for number in range(30): Path(f'{number}').touch()"))
    assert len(outcome.artifacts) == 20
    assert outcome.is_truncated


async def test_files_that_are_too_large_together(run: Run) -> None:
    size = 3 * MEGABYTE
    outcome = await run(controller(f"for name in 'ab': Path(name).write_bytes(bytes({size}))"))
    assert [len(one.data) for one in outcome.artifacts] == [size]
    assert outcome.is_truncated


async def test_a_large_hole_is_not_read(run: Run) -> None:
    outcome = await run(controller("os.truncate(os.open('x', os.O_CREAT | os.O_RDWR), 7 * 2**20)"))
    assert outcome.artifacts == ()
    assert outcome.is_truncated


async def test_folders_that_are_locked_do_not_stop_the_next(run: Run) -> None:
    await run(controller("os.makedirs('a/b')", "os.chmod('a', 0)"))
    assert (await run(controller("return 1"))).result == 1


async def test_folders_without_end_are_not_followed(run: Run) -> None:
    outcome = await run(
        controller("for _ in range(50): os.mkdir('d'); os.chdir('d')", "Path('x').touch()")
    )
    assert outcome.artifacts == ()
    assert outcome.is_truncated


async def test_a_name_that_is_no_text_does_no_harm(run: Run) -> None:
    outcome = await run(controller("open(b'\\xff\\xfe', 'w').close()"))
    assert len(outcome.artifacts) == 1
    outcome.artifacts[0].name.encode()


async def test_a_kind_is_told_by_the_content(run: Run) -> None:
    outcome = await run(
        controller("Path('a.txt').write_bytes(b'%PDF-1.7')", "Path('b.png').write_text('<script>')")
    )
    kinds = [one.mime for one in outcome.artifacts]
    assert kinds == ["application/pdf", "application/octet-stream"]


async def test_temporary_files_are_no_artifacts(run: Run) -> None:
    outcome = await run(
        controller("import tempfile", "tempfile.NamedTemporaryFile(delete=False).write(b'x')")
    )
    assert (outcome.failure, outcome.artifacts) == (None, ())
