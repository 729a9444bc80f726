"""Functions that a model may call: the flat shape of Responses, and Chat Completions' nested one."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from aiportal.errors import InvalidRequest

__all__ = ["AllowedTools", "FunctionTool", "NamedTool", "ToolChoice", "chat_tools"]


def _only_functions(kind: str) -> str:
    if kind != "function":
        raise PydanticCustomError(
            "tool_type",
            "the tools here are those of type function, which you run yourself; OpenAI's built-in "
            "tools and custom tools are not available",
        )
    return kind


class _Wire(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class FunctionTool(_Wire):
    type: Annotated[str, AfterValidator(_only_functions)]
    name: Annotated[str, Field(min_length=1, max_length=128)]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class NamedTool(_Wire):
    """The function that is to be called."""

    type: Annotated[str, AfterValidator(_only_functions)]
    name: str


class AllowedTools(_Wire):
    """Those of the tools that may be called now."""

    type: Literal["allowed_tools"]
    mode: Literal["auto", "required"]
    tools: list[NamedTool]


ToolChoice = Literal["none", "auto", "required"] | AllowedTools | NamedTool


def chat_tools(tools: Sequence[FunctionTool], choice: ToolChoice | None) -> dict[str, Any]:
    """Chat Completions' `tools` and `tool_choice`.

    Few upstreams know `allowed_tools`, so the others of the tools are left out instead. Raises
    InvalidRequest for a choice that is not among the tools.
    """
    wanted: Any = choice
    if isinstance(choice, AllowedTools):
        allowed = {_known(tool.name, tools) for tool in choice.tools}
        tools = [tool for tool in tools if tool.name in allowed]
        wanted = choice.mode
    elif isinstance(choice, NamedTool):
        wanted = {"type": "function", "function": {"name": _known(choice.name, tools)}}
    body: dict[str, Any] = {}
    if tools:
        body["tools"] = [_nested(tool) for tool in tools]
    if wanted is not None:
        body["tool_choice"] = wanted
    return body


def _known(name: str, tools: Sequence[FunctionTool]) -> str:
    if all(tool.name != name for tool in tools):
        raise InvalidRequest(
            "`tool_choice` names a function that is not among `tools`.", param="tool_choice"
        )
    return name


def _nested(tool: FunctionTool) -> dict[str, Any]:
    fields = ("name", "description", "parameters", "strict")
    function = {name: getattr(tool, name) for name in fields if getattr(tool, name) is not None}
    return {"type": "function", "function": function}
