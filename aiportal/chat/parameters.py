"""What a conversation or a turn may set: OpenAI's sampling parameters, and the portal's tools that a
conversation has, checked."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from aiportal.dialects.openai_chat import invalid_field
from aiportal.dialects.portal_tools import PortalTools
from aiportal.errors import InvalidRequest

__all__ = [
    "SamplingParameters",
    "conversation_parameters",
    "lasting_tools",
    "sampling_parameters",
    "without_tools",
]

MAX_STOPS = 16
MAX_STOP_CHARS = 1_000
TOOLS = "tools"


def _check_stop(stop: str | list[str]) -> str | list[str]:
    texts = [stop] if isinstance(stop, str) else stop
    if not 1 <= len(texts) <= MAX_STOPS or not all(1 <= len(t) <= MAX_STOP_CHARS for t in texts):
        raise ValueError(f"it takes 1 to {MAX_STOPS} texts of 1 to {MAX_STOP_CHARS} characters")
    return stop


class SamplingParameters(BaseModel):
    """What is not set is left to the model; None takes back what the conversation sets."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: Annotated[str | list[str], AfterValidator(_check_stop)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None


def sampling_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Only the fields that are given, checked.

    Raises InvalidRequest that names the field at fault as `parameters.NAME`.
    """
    try:
        checked = SamplingParameters.model_validate(dict(parameters))
    except ValidationError as error:
        finding = invalid_field(error)
        known = ", ".join(SamplingParameters.model_fields)
        raise InvalidRequest(
            f"In `parameters`: {finding.message} It takes: {known}.",
            param=f"parameters.{finding.param}" if finding.param else "parameters",
        ) from error
    return checked.model_dump(exclude_unset=True)


def conversation_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """As `sampling_parameters`, with `tools` as a request has it: those that every turn has which
    says nothing of them. Raises InvalidRequest.
    """
    tools = parameters.get(TOOLS)
    checked = sampling_parameters(without_tools(parameters))
    if tools is None:
        return checked
    if not isinstance(tools, Mapping):
        raise InvalidRequest(
            "`parameters.tools` takes `enabled` and `allowedTools`.", param="parameters.tools"
        )
    return checked | {TOOLS: PortalTools.parse(tools, param="parameters.tools").as_wire()}


def lasting_tools(parameters: Mapping[str, Any]) -> PortalTools | None:
    """The tools that a conversation's parameters name, None for none of its own."""
    tools = parameters.get(TOOLS)
    return None if tools is None else replace(PortalTools.parse(tools), is_lasting=True)


def without_tools(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The sampling parameters alone."""
    return {name: value for name, value in parameters.items() if name != TOOLS}
