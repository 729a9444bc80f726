"""The table of tools that the folders amount to."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from types import MappingProxyType

from aiportal.registry import Access, ConfigProblem
from aiportal.registry.schema import AccessEntry
from aiportal.sandbox import CallLimits
from aiportal.tools.folders import ToolFolder, ToolsConfig
from aiportal.tools.schema import ToolFile, ToolsFile
from aiportal.tools.tool import Tool

__all__ = ["ToolTable"]

DEFAULT_TIME_MS = 30_000
_DISTRIBUTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class ToolTable:
    """Built once from what was read; then it only answers.

    tools: by id, sorted. served: what each folder stands for, to be given to the next table as
    `before`, so that a folder that is bad by then keeps its last good version in service.
    """

    def __init__(
        self, config: ToolsConfig, *, before: Mapping[str, ToolFolder] | None = None
    ) -> None:
        before = before or {}
        stand_ins = before if config.is_missing else config.bad
        served = dict(config.tools)
        taken = {one.entry.id for one in served.values()}
        for name in stand_ins:
            kept = before.get(name)
            if kept is not None and kept.entry.id not in taken:
                served[name] = kept
                taken.add(kept.entry.id)
        self.served: Mapping[str, ToolFolder] = MappingProxyType(served)
        tools = [_tool(name, one, config.config) for name, one in served.items()]
        self.tools: Mapping[str, Tool] = {
            tool.id: tool for tool in sorted(tools, key=lambda tool: tool.id)
        }
        self.problems = tuple(
            ConfigProblem(
                f"{tool.folder}/config.json",
                "profile",
                repr(tool.profile),
                "the name of one of `profiles` in config.json",
            )
            for tool in self.tools.values()
            if tool.profile is not None and tool.profile not in config.config.profiles
        )


def _tool(name: str, folder: ToolFolder, common: ToolsFile) -> Tool:
    entry = folder.entry
    profile = common.profiles.get(entry.profile) if entry.profile is not None else None
    return Tool(
        id=entry.id,
        folder=name,
        name=entry.name or entry.id,
        description=entry.description,
        version=entry.version,
        is_enabled=entry.enabled and common.enabled,
        parameters=entry.parameters,
        examples=entry.examples,
        allowed_models=entry.allowed_models,
        access=_access(entry),
        needs_approval=entry.requires_approval or common.requires_approval,
        limits=_limits(entry, common),
        rate=entry.rate_limit,
        hosts=entry.security.reach,
        secrets=entry.security.secrets,
        lacking=_lacking(entry.dependencies),
        profile=entry.profile,
        preload=profile.preload if profile is not None else (),
        files=folder.files,
        requirements=folder.requirements,
        category=entry.category,
        author=entry.author,
        tags=entry.tags,
        icon=entry.icon,
    )


def _lacking(requirements: Sequence[str]) -> tuple[str, ...]:
    """Of requirements such as `pandas>=2.3`, the distributions that are not installed."""
    names = [_DISTRIBUTION.match(one) for one in requirements]
    return tuple(one[0] for one in names if one is not None and not _is_installed(one[0]))


@lru_cache(maxsize=1_000)
def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _access(entry: ToolFile) -> Access | None:
    """None for everybody."""
    own = entry.access or AccessEntry()
    return Access.of(
        roles={*entry.allowed_roles, *own.roles},
        groups={*entry.allowed_groups, *own.groups},
        users=own.users,
    )


def _limits(entry: ToolFile, common: ToolsFile) -> CallLimits:
    """The shortest of the times that are said, the default where the tool says none."""
    own_ms = [
        entry.max_execution_time,
        None if entry.security.time_limit is None else entry.security.time_limit * 1000,
    ]
    said = [time for time in own_ms if time is not None] or [DEFAULT_TIME_MS]
    return CallLimits(
        wall_s=min(*said, common.max_execution_time) / 1000,
        memory_bytes=entry.security.memory_limit,
        disk_bytes=entry.security.disk_limit,
    )
