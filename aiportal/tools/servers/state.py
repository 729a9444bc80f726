"""What the portal knows of a server, and what one has offered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["ListedTool", "ServerState"]


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
