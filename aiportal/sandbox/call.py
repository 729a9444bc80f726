"""What goes into the sandbox and what comes out: one call of one Python program."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = [
    "Artifact",
    "Broker",
    "CallLimits",
    "Failure",
    "Outcome",
    "Profile",
    "Program",
    "SandboxCall",
]

Broker = Callable[[str, Mapping[str, Any]], Awaitable[Any]]
"""What the box may ask of the portal: an operation's name and its arguments to a JSON value.

A PortalError that it raises reaches the program as an exception with its message."""


@dataclass(frozen=True, slots=True)
class Profile:
    """An interpreter that is kept warm, with what it has imported before a call is forked of it.

    python: of the environment with the program's libraries, None for the portal's own.
    preload: modules.
    """

    name: str
    preload: tuple[str, ...] = ()
    python: Path | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A folder with a `controller.py`, held in memory; in the box its files are read-only.

    The controller has a function `run(parameters)` that returns the result; or else it is a script
    that reads the parameters as JSON from standard input and prints the result as JSON.
    """

    name: str
    files: Mapping[str, bytes]
    profile: Profile


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Bounds of one call. A call that waits for a free worker has not begun."""

    wall_s: float = 30.0
    memory_bytes: int = 512 * 1024**2
    disk_bytes: int = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class SandboxCall:
    """One call.

    files: laid into its working folder, by plain name; what it leaves there comes back as artifacts.
    session: name of a process that stays after the call, with all that the program keeps in its
        global variables; the next call of the name is made in it. Bounded in number and idle time.
    owner: who asks, for fairness between callers and as the owner of a session.
    """

    program: Program
    parameters: Any
    owner: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    limits: CallLimits = field(default_factory=CallLimits)
    broker: Broker | None = None
    session: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no result.

    type: `timeout`, `out_of_memory`, `output_limit`, `disk_limit`, `thread_limit`, `crashed`,
        `invalid_result`, `exit` (a program that ended by itself without a result, or a script that
        ended with another code than 0), or the name of the exception that the program raised.
    """

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that the program made. mime: told by its content where that is known, else its name."""

    name: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended. The result and the streams are data from a stranger, whatever they look like.

    result: a JSON value, finite and shallow; None where there is a failure.
    is_truncated: a part of the output, the result or the artifacts was left out.
    duration_ms: from the fork to the end, without the wait for a worker.
    """

    result: Any
    failure: Failure | None
    stdout: str
    stderr: str
    is_truncated: bool
    duration_ms: float
    artifacts: tuple[Artifact, ...] = ()

    @property
    def status(self) -> Literal["done", "failed"]:
        return "done" if self.failure is None else "failed"
