"""A portal with secrets planted around it, and what of its sandbox is on this machine."""

import asyncio
import json
import os
import secrets
import shutil
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from aiportal.portal import Portal
from aiportal.sandbox import SandboxMode
from aiportal.settings import Settings
from tests.confinement import NOBODY
from tests.hostile_tools.case import CODE, PREAMBLE, Case
from tests.hostile_tools.silence import Silence
from tests.loopback import NO_TLS
from tests.processes import ROOT
from tests.running import PortalProcess, key_of_new_user

__all__ = ["IDLE", "SCRIPT", "Answered", "Target", "opened"]

SCRIPT: Final = "attacker-script"
IDLE: Final = 6  # processes: two interpreters, and what each has ready for the next call
_TIMEOUT_S = 60
_SETTLE_S = 30  # on a busy machine; usually 1
_ASKER: Final = {
    "security": {
        "allowNetworkAccess": True,
        "hosts": ["hostile.invalid"],
        "secrets": {"HOSTILE_APP_ID": {"query": "appid"}},
    }
}
_RUNS: Final = """
import ast, json, sys

def evaluate(code):
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    names = {"__name__": "__main__"}
    exec(compile(tree, "<code>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<code>", "eval"), names) if last else None

"""
_TOOLS: Final = {
    "attacker": f"{_RUNS}\ndef run(parameters):\n    return evaluate(parameters['code'])\n",
    SCRIPT: f"{_RUNS}\nprint(json.dumps(evaluate(json.load(sys.stdin)['code']), default=repr))\n",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back for a case: everything as text, the answer, the next caller's result."""

    status: int
    text: str
    answer: dict[str, Any]
    next_result: Any


class Target:
    """One running portal. places: what a program is told of it. canary: stands in each secret."""

    def __init__(
        self, process: PortalProcess, folder: Path, places: dict[str, Any], silence: Silence
    ) -> None:
        self.silence = silence
        self._sessions: set[int] = set()
        self.process = process
        self.folder = folder
        self.canary = str(places.pop("canary"))
        self.other_key = str(places.pop("other_key"))
        self.pid = process.pid
        self.places = places | {"portal": process.pid, "port": process.port}
        self.client = httpx.Client(
            verify=NO_TLS, base_url=process.url, headers=process.headers, timeout=_TIMEOUT_S
        )

    def execute(self, tool_id: str = CODE, *, key: str = "", **body: Any) -> httpx.Response:
        """The answer to one call. key: another's than the admin's."""
        headers = {"Authorization": f"Bearer {key or self.process.key}"}
        return self.client.post(f"/api/v1/tools/{tool_id}/execute", json=body, headers=headers)

    def run(self, code: str, tool_id: str = CODE, **options: Any) -> httpx.Response:
        """The same of a program's text."""
        return self.execute(tool_id, parameters={"code": code}, **options)

    def attack(self, case: Case) -> Answered:
        """Run it, and then the next caller's program."""
        places = json.dumps(self.places)
        code = PREAMBLE.format(places=places) + case.code
        answer = self.run(code, case.tool, timeoutMs=case.timeout_ms)
        self.family()
        after = self.run(case.then).json()
        return Answered(answer.status_code, answer.text, answer.json(), after.get("result", after))

    def family(self) -> set[int]:
        """The sandbox's processes, found by their parents and by the sessions that they are in.

        No program can leave the session of its interpreter, whoever becomes its parent.
        """
        running = _processes()
        portal = running.get(self.pid)
        for one in running.values():
            if portal and one.parent == self.pid and one.session != portal.session:
                self._sessions.add(one.session)
        return {number for number, one in running.items() if one.session in self._sessions}

    def settled(self, count: int) -> set[int]:
        """The family once it is at rest with no more than `count` processes, else after half a minute."""
        looks: list[set[int]] = [set(), set(range(count + 1))]

        def is_at_rest() -> bool:
            looks[:] = [looks[1], self.family()]
            return looks[0] == looks[1] and len(looks[1]) <= count

        self._watched(is_at_rest)
        return looks[1]

    def crowded(self, count: int) -> set[int]:
        """The family as soon as it has `count` processes, else after half a minute."""
        self._watched(lambda: len(self.family()) >= count)
        return self.family()

    def left_behind(self) -> list[str]:
        """What lies in the portal's folder for temporary files, but for what was planted there."""
        self._watched(lambda: not self._temporary())
        return self._temporary()

    def restart(self) -> None:
        """Start the portal again after it was killed."""
        self.process.start()
        self.pid = self.process.pid

    def _watched(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _SETTLE_S
        while not is_so() and time.monotonic() < deadline:
            time.sleep(0.05)

    def mounts(self) -> str:
        """As the portal sees them."""
        return Path(f"/proc/{self.pid}/mountinfo").read_text()

    def listening(self) -> set[int]:
        """Ports on which the portal or anything of its sandbox listens."""
        own = {self.pid, *self.family()}
        found = [one for one in psutil.net_connections("inet") if one.pid in own]
        return {int(one.laddr[1]) for one in found if one.laddr and one.status == "LISTEN"}

    def _temporary(self) -> list[str]:
        """An interpreter of tier `landlock` has an empty folder as long as it runs."""
        is_running = bool(self._sessions & {one.session for one in _processes().values()})
        folders = {} if not is_running else (self.folder / "tmp").glob("aiportal-box-*")
        found = {*(self.folder / "tmp").rglob("*")} - {*folders, self.folder / "tmp" / "planted"}
        return sorted(map(str, found))


@dataclass(frozen=True, slots=True)
class _Process:
    parent: int
    session: int


def _processes() -> dict[int, _Process]:
    """Those that run now, zombies left out."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent, _, session, *_ = path.read_text().rpartition(")")[2].split()
            if state != "Z":
                found[int(path.parent.name)] = _Process(int(parent), int(session))
    return found


@contextmanager
def opened(mode: SandboxMode, *, launcher: Sequence[str] = ()) -> Iterator[Target]:
    """A portal in this tier, with the API alone; nothing of it stays.

    launcher: makes it another user's (see tests.confinement), who owns all of the files then.
    """
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="hostile-", dir="/tmp"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        canary = f"canary-{secrets.token_hex(12)}"
        places = _plant(folder, canary)
        silence = stack.enter_context(Silence.listening(folder))
        settings = Settings(
            data_dir=folder / "data",
            cache_dir=folder / "cache",
            model_config_dir=ROOT / "model_config",
            tools_dir=_write_tools(folder / "tools"),
            local_model="off",
            sandbox=mode,
        )
        key, other_key = asyncio.run(_keys(settings, canary))
        environment = {
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "OPENAI_API_KEY": canary,
            "HOSTILE_APP_ID": canary,
        }
        if launcher:
            environment["PYTHONPATH"] = f"{ROOT}:{sysconfig.get_path('purelib')}"
            _give_away(folder)
        process = PortalProcess(
            settings, key=key, has_pages=False, environment=environment, launcher=launcher
        )
        stack.enter_context(process)
        target = Target(
            process,
            folder,
            {**places, **silence.places, "canary": canary, "other_key": other_key},
            silence,
        )
        with target.client:
            yield target


def _plant(folder: Path, canary: str) -> dict[str, Any]:
    folder.chmod(0o755)
    for name, mode in (("home", 0o755), ("tmp", 0o1777), ("open", 0o755), ("data", 0o755)):
        (folder / name).mkdir()
        (folder / name).chmod(mode)
    planted = {
        "secret": folder / "open" / "planted",
        "in_data": folder / "data" / "planted",
        "in_home": folder / "home" / "planted",
        "in_tmp": folder / "tmp" / "planted",
        "dotenv": folder / ".env",
    }
    for path in planted.values():
        path.write_text(f"ANTHROPIC_API_KEY={canary}\n")
        path.chmod(0o644)
    return {
        **{name: str(path) for name, path in planted.items()},
        "data": str(folder / "data"),
        "database": str(folder / "data" / "aiportal.db"),
        "tools": str(folder / "tools"),
        "temporary": str(folder / "tmp"),
        "repository": str(ROOT),
    }


def _write_tools(folder: Path) -> Path:
    shutil.copytree(ROOT / "tools" / CODE, folder / CODE)
    shutil.copy(ROOT / "tools" / "config.json", folder)
    for tool_id, controller in _TOOLS.items():
        (folder / tool_id).mkdir()
        schema = {"type": "object", "properties": {"code": {"type": "string"}}}
        config = {"id": tool_id, "description": "Hostile.", "parameters": schema, **_ASKER}
        (folder / tool_id / "config.json").write_text(json.dumps(config))
        (folder / tool_id / "controller.py").write_text(controller)
    return folder


def _give_away(folder: Path) -> None:
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)


async def _keys(settings: Settings, canary: str) -> tuple[str, str]:
    """An admin's and a user's; the user's name is a secret in the database."""
    async with Portal.open(settings) as portal:
        operator = await portal.users.operator()
        _, key = await portal.keys.create(operator, name="test")
        return key, await key_of_new_user(portal, canary)
