"""A tool as the rest of the core sees it: resolved and immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from jsonschema.protocols import Validator

from aiportal.principal import Principal
from aiportal.registry import Access
from aiportal.sandbox import CallLimits
from aiportal.tools.outcome import OfferedTool
from aiportal.tools.parameter_schema import validator_of
from aiportal.tools.schema import ExampleEntry, SecretEntry, ToolRateEntry

__all__ = ["Tool", "ToolStatus"]


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    folder: its name below the folder of tools. files: what goes into the box, by name.
    parameters: JSON Schema of an object. access: None for everybody. hosts: patterns of what may be
    fetched. secrets: by the environment variable that has the value. requirements: the text of its
    `requirements.txt`, None without one. preload: modules that a warm worker has.
    lacking: distributions that it depends on and the portal does not have.
    """

    id: str
    folder: str
    name: str
    description: str
    version: str
    is_enabled: bool
    parameters: Mapping[str, Any]
    examples: tuple[ExampleEntry, ...]
    allowed_models: tuple[str, ...]
    access: Access | None
    needs_approval: bool
    limits: CallLimits
    rate: ToolRateEntry
    hosts: tuple[str, ...]
    secrets: Mapping[str, SecretEntry]
    lacking: tuple[str, ...]
    profile: str | None
    preload: tuple[str, ...]
    files: Mapping[str, bytes] = field(repr=False)
    requirements: str | None = field(default=None, repr=False)
    category: str | None = None
    author: str | None = None
    tags: tuple[str, ...] = ()
    icon: str | None = None
    validator: Validator = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "validator", validator_of(self.parameters))

    def admits(self, principal: Principal, model_id: str | None = None) -> bool:
        """Whether this caller may use it, and a model may call it where one is named."""
        if self.access is not None and not self.access.admits(principal):
            return False
        return model_id is None or any(fnmatchcase(model_id, one) for one in self.allowed_models)

    def as_offered(self) -> OfferedTool:
        """What a model is told of it."""
        return OfferedTool(
            id=self.id,
            function_name=self.id,
            name=self.name,
            description=self.description,
            parameters=self.parameters,
            needs_approval=self.needs_approval,
            examples=tuple(
                (one.description, one.parameters) for one in self.examples if one.description
            ),
        )


@dataclass(frozen=True, slots=True)
class ToolStatus:
    """A tool and why it cannot run now: `missing` is empty for one that can, else words."""

    tool: Tool
    missing: str

    @property
    def is_usable(self) -> bool:
        return not self.missing
