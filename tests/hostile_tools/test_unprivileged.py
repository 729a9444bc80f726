"""The same portal without any rights, its own files owned by the user that the programs run as."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from aiportal.sandbox import SandboxMode
from tests.confinement import everybodys_python
from tests.hostile_tools.reaching import KERNEL, REACHING
from tests.hostile_tools.reading import READING
from tests.hostile_tools.target import IDLE, Target, opened
from tests.hostile_tools.verdict import check

CASES = {case.name: case for case in (*READING, *REACHING, *KERNEL)}
PLACES: list[tuple[SandboxMode, str]] = [("namespaces", "here"), ("landlock", "docker")]


@pytest.fixture(scope="module", params=PLACES, ids=lambda place: "-".join(place))
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    mode, place = request.param
    launcher = (everybodys_python(), "-m", "tests.confinement", place, everybodys_python())
    with opened(mode, launcher=launcher) as found:
        assert found.run("6 * 7").json()["result"] == 42
        yield found


def test_nothing_of_its_own_user_is_reached(target: Target) -> None:
    with ThreadPoolExecutor(3) as pool:
        answers = dict(zip(CASES, pool.map(target.attack, CASES.values()), strict=True))
    for name, case in CASES.items():
        check(case, answers[name], target.canary)
    assert len(target.settled(IDLE)) <= IDLE
    assert target.left_behind() == []
    assert target.silence.heard() == []
    assert target.process.is_healthy()


def test_a_killed_portal_takes_everything_with_it(target: Target) -> None:
    assert target.run("6 * 7", session="kept").json()["result"] == 42
    target.process.kill()
    assert target.settled(0) == set()
    assert target.left_behind() == []
    target.restart()
    assert target.run("6 * 7").json()["result"] == 42
