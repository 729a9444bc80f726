"""The request of `POST /responses`, checked."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from aiportal.dialects.objects import check_objects
from aiportal.dialects.openai_chat import ModelName, invalid_field
from aiportal.dialects.portal_tools import PortalTools
from aiportal.dialects.responses.items import Item
from aiportal.dialects.responses.tools import FunctionTool, ToolChoice
from aiportal.errors import InvalidRequest

__all__ = ["JsonFormat", "PlainFormat", "ReasoningConfig", "ResponsesBody", "TextConfig"]

# What OpenAI's own service does and this portal cannot (yet), in words for the caller.
_NOT_HERE = {
    "background": "This version of the portal does not answer in the background. Use `stream`, or "
    "wait for the answer.",
    "conversation": "OpenAI's conversations are not kept here. Go on by `previous_response_id`.",
    "prompt": "Prompt templates of OpenAI's dashboard are not kept here. Send their text as "
    "`instructions` and `input`.",
    "context_management": "The portal does not compact a context. Leave it out.",
    "moderation": "The portal does not moderate a response. Leave it out.",
}
# Fields of Chat Completions that this dialect says otherwise, or not at all.
_SAID_OTHERWISE = {
    "messages": "`input`",
    "max_tokens": "`max_output_tokens`",
    "max_completion_tokens": "`max_output_tokens`",
    "response_format": "`text.format`",
    "verbosity": "`text.verbosity`",
    "reasoning_effort": "`reasoning.effort`",
    "functions": "`tools`",
    "function_call": "`tool_choice`",
    "logprobs": "`top_logprobs`",
    "n": "several calls",
}


class _Wire(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class PlainFormat(_Wire):
    type: Literal["text", "json_object"]


class JsonFormat(_Wire):
    """An answer that follows a JSON schema."""

    model_config = ConfigDict(extra="allow", strict=True, serialize_by_alias=True)

    type: Literal["json_schema"]
    name: Annotated[str, Field(min_length=1, max_length=64)]
    json_schema: Annotated[dict[str, Any], Field(alias="schema")]
    description: str | None = None
    strict: bool | None = None


class TextConfig(_Wire):
    format: Annotated[PlainFormat | JsonFormat, Field(discriminator="type")] | None = None
    verbosity: str | None = None


class ReasoningConfig(_Wire):
    effort: str | None = None
    summary: str | None = None


class ResponsesBody(_Wire):
    """What the portal reads of a request; a field that Responses does not have travels on.

    portal_tools: of the body's `tools`, where that is no list of functions.
    """

    model: ModelName
    input: str | list[Item] = []
    instructions: str | None = None
    previous_response_id: Annotated[str, Field(max_length=100)] | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    max_tool_calls: int | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    tools: list[FunctionTool] | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    text: TextConfig | None = None
    reasoning: ReasoningConfig | None = None
    include: list[str] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    metadata: (
        Annotated[
            dict[
                Annotated[str, StringConstraints(max_length=64)],
                Annotated[str, StringConstraints(max_length=512)],
            ],
            Field(max_length=16),
        ]
        | None
    ) = None
    user: str | None = None
    safety_identifier: str | None = None
    service_tier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    prompt_cache_options: dict[str, Any] | None = None
    portal_tools: PortalTools | None = None

    @classmethod
    def parse(cls, body: object) -> "ResponsesBody":
        """Validate a decoded JSON body. Raises InvalidRequest that names the field at fault."""
        if not isinstance(body, dict):
            raise InvalidRequest("The body must be a JSON object with `model` and `input`.")
        for name, words in _NOT_HERE.items():
            if body.get(name):
                raise InvalidRequest(f"`{name}`: {words}", param=name)
        for name, instead in _SAID_OTHERWISE.items():
            if body.get(name) is not None:
                raise InvalidRequest(
                    f"`{name}` belongs to Chat Completions. Here it is said by {instead}.",
                    param=name,
                    code="unsupported_parameter",
                )
        asked = body.get("tools")
        portal_tools = PortalTools.parse(asked) if isinstance(asked, dict) else None
        if portal_tools is not None:
            body = {name: value for name, value in body.items() if name != "tools"}
        if "input" not in body and body.get("previous_response_id") is None:
            raise InvalidRequest("`input` is missing: a text, or a list of items.", param="input")
        check_objects(body.get("input"), param="input")
        try:
            asked_for = {k: v for k, v in body.items() if k not in _NOT_HERE}
            return cls.model_validate(asked_for | {"portal_tools": portal_tools})
        except ValidationError as error:
            raise invalid_field(error) from error

    @property
    def is_stored(self) -> bool:
        """True unless the caller says otherwise."""
        return self.store is not False

    @property
    def wants_logprobs(self) -> bool:
        return bool(self.top_logprobs) or "message.output_text.logprobs" in (self.include or ())
