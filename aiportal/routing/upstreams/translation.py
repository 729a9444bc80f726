"""What LiteLLM's translators of one provider are asked for, and what they are given.

A translator turns OpenAI's body into the provider's request; the translation of that one call then
turns its answer, or its events, back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from aiportal.errors import UpstreamRejected
from aiportal.registry import Deployment
from aiportal.routing.upstreams.litellm import CHAT_FIELDS

__all__ = [
    "EventParser",
    "Parameters",
    "ProviderAnswer",
    "SilentLog",
    "Translation",
    "Translator",
    "copied_messages",
]

KNOWN_MODELS = 512  # whose parameters are remembered
# How callers say that they do not want what they name.
_NEUTRAL = {
    "frequency_penalty": 0,
    "logit_bias": {},
    "logprobs": False,
    "n": 1,
    "presence_penalty": 0,
    "top_logprobs": 0,
}
_ELSEWHERE = {"messages", "stream", "stream_options"}
_UNCHECKED = {"user"}  # taken by every translator, dropped where it has no meaning


class EventParser(Protocol):
    """One stream's parser. end: the `type` of the event after which none comes, where there is one."""

    end: str | None

    def parse(self, event: dict[str, Any]) -> Any:
        """LiteLLM's chunk for an event of the provider; raises whatever LiteLLM raises."""


class Translation(Protocol):
    """One call: where it goes and with what, and its answer in OpenAI's terms."""

    url: str
    headers: dict[str, str]
    body: dict[str, Any]

    def answer(self, decoded: dict[str, Any]) -> Any:
        """LiteLLM's response for the provider's JSON; raises whatever LiteLLM raises."""

    def parser(self) -> EventParser:
        """For the events of a streamed call."""


class Translator(Protocol):
    """One provider's dialect. passed: how addresses begin that the provider fetches by itself."""

    passed: tuple[str, ...]

    def translate(
        self, deployment: Deployment, body: Mapping[str, Any], *, is_stream: bool
    ) -> Translation:
        """Raises UpstreamRejected for what the provider has no word for, else what LiteLLM raises."""


class Parameters:
    """A body's parameters, in the words of one of LiteLLM's provider configs."""

    def __init__(self, config: Any) -> None:
        from litellm.constants import DEFAULT_CHAT_COMPLETION_PARAM_VALUES

        self._config = config
        self._openai_names = DEFAULT_CHAT_COMPLETION_PARAM_VALUES.keys() - _ELSEWHERE
        self._names = CHAT_FIELDS - _ELSEWHERE
        self._supported = lru_cache(maxsize=KNOWN_MODELS)(self._look_up)

    def _look_up(self, model: str) -> frozenset[str]:
        return frozenset(self._config.get_supported_openai_params(model)) | _UNCHECKED

    def mapped(self, body: Mapping[str, Any], model: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """OpenAI's parameters that were given, and the provider's that they amount to.

        Raises UpstreamRejected for one that the provider does not know.
        """
        given, others = {}, {}
        for name in self._names & body.keys():
            value = body[name]
            if value is None:
                continue
            if name not in self._openai_names:
                others[name] = _copied(value)
            elif self._is_wanted(name, value, model):
                given[name] = _copied(_in_order(name, value))
        if "response_format" in given:
            given["response_format"] = self._config.get_json_schema_from_pydantic_object(
                response_format=given["response_format"]
            )
        mapped = self._config.map_openai_params(
            non_default_params=given, optional_params={}, model=model, drop_params=False
        )
        return given, {**mapped, **others}

    def _is_wanted(self, name: str, value: object, model: str) -> bool:
        if name in self._supported(model):
            return True
        if name in _NEUTRAL and value == _NEUTRAL[name]:
            return False
        raise UpstreamRejected(
            f"This model knows no `{name}`. Leave it out, or use another model.",
            param=name,
            code="unsupported_parameter",
        )


def _in_order(name: str, value: object) -> object:
    """A parameter as LiteLLM itself first puts it in order."""
    from litellm import utils

    if name == "tool_choice":
        return utils.validate_chat_completion_tool_choice(value)  # type: ignore[arg-type] # from outside
    if name == "thinking":
        return utils.validate_and_fix_thinking_param(value)  # type: ignore[arg-type] # from outside
    if name == "stop":
        return utils.validate_openai_optional_params(value)  # type: ignore[arg-type] # from outside
    return value


def copied_messages(body: Mapping[str, Any], config: Any) -> list[Any]:
    """The messages for LiteLLM, which writes into what it is given, put in order as it does itself."""
    from litellm.utils import validate_and_fix_openai_messages

    messages = validate_and_fix_openai_messages([_copied(each) for each in body["messages"]])
    in_order: list[Any] = config.translate_developer_role_to_system_role(messages=messages)
    return in_order


def _copied(value: Any) -> Any:
    """A JSON value apart from the caller's; texts are shared."""
    if isinstance(value, dict):
        return {name: _copied(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class SilentLog:
    """Stands in for LiteLLM's logging object. optional_params: OpenAI's parameters of the call."""

    optional_params: dict[str, Any]

    def post_call(self, **_: object) -> None:
        """Keeps nothing."""


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """Stands in for httpx's response: a good answer, decoded already."""

    decoded: dict[str, Any]
    headers: Mapping[str, str]
    status_code: int = 200
    text: str = ""

    def json(self) -> dict[str, Any]:
        return self.decoded
