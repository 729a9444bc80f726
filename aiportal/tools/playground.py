"""What the playground asks of a tool: its form, and what stands in it as parameters and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiportal.errors import InvalidRequest
from aiportal.principal import Principal
from aiportal.tools.arguments import argument_faults
from aiportal.tools.checking import Checks
from aiportal.tools.form import Field, form_of
from aiportal.tools.form_values import FormFault, parameters_of, start_values, values_of
from aiportal.tools.tool import Tool
from aiportal.tools.tools import Tools

__all__ = ["Filled", "Playground", "ToolForm"]


@dataclass(frozen=True, slots=True)
class ToolForm:
    """fields: None where the parameters have to be written as JSON. values: of a fresh form."""

    fields: tuple[Field, ...] | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Filled:
    """Parameters and the values that mean them, None where the form cannot show these parameters.

    faults: what of them the tool would not take, at the fields.
    """

    parameters: Mapping[str, Any]
    values: Mapping[str, Any] | None
    faults: tuple[FormFault, ...]


class Playground:
    """Forms of the tools that a caller may use."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._checks = Checks()

    async def form(self, principal: Principal, tool_id: str) -> ToolForm:
        """Raises ToolNotFound."""
        tool = (await self._tools.get(principal, tool_id)).tool
        fields = form_of(tool.parameters)
        return ToolForm(fields, start_values(fields or ()))

    async def fill(
        self,
        principal: Principal,
        tool_id: str,
        *,
        values: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> Filled:
        """What `values` or `parameters` mean, checked as a call would be. Runs nothing.

        Raises ToolNotFound, InvalidRequest for neither or both, RateLimited.
        """
        tool = (await self._tools.get(principal, tool_id)).tool
        if (values is None) == (parameters is None):
            raise InvalidRequest("Send either `values` or `parameters`.")
        return await self._checks.run(
            principal.user_id, partial(_filled, tool, values, parameters or {})
        )


def _filled(tool: Tool, values: Mapping[str, Any] | None, parameters: Mapping[str, Any]) -> Filled:
    fields = form_of(tool.parameters)
    faults: tuple[FormFault, ...] = ()
    if values is not None:
        parameters, faults = parameters_of(fields or (), values)
    known = {fault.path for fault in faults}
    refused = (FormFault(*fault) for fault in argument_faults(tool, parameters))
    faults += tuple(fault for fault in refused if fault.path not in known)
    shown = None if fields is None else values_of(fields, parameters)
    return Filled(parameters, shown, faults)
