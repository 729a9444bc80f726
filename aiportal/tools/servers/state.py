"""What the portal knows of a server, and what one has offered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["ListedTool", "ServerLife", "ServerState", "ServerStatus", "ServerTrial"]

ServerLife = Literal["connected", "connecting", "away", "off"]


@dataclass(frozen=True, slots=True)
class ListedTool:
    """A tool as its server describes it: data of a stranger."""

    name: str
    title: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ServerState:
    """trouble: why it cannot be used now, in words; empty where it can. problems: with what it offers."""

    name: str
    trouble: str
    tools: tuple[ListedTool, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def is_up(self) -> bool:
        return not self.trouble


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One of the config, for administrators. entry: without the secrets in it, see `told_entry`.

    reason: why it is away or off. tools: how many it has offered last. problems: with those.
    asked_at: when it was last asked for them; next_try_at: of one that is away, which may have come;
    None where only another config helps. Both in seconds since 1970.
    """

    name: str
    entry: Mapping[str, Any]
    life: ServerLife
    reason: str = ""
    tools: int = 0
    problems: tuple[str, ...] = ()
    asked_at: float | None = None
    next_try_at: float | None = None


@dataclass(frozen=True, slots=True)
class ServerTrial:
    """fault: why it cannot be used, empty where it can. tools: its own names of what it would offer."""

    fault: str
    tools: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
