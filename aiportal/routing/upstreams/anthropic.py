"""Chat Completions for providers of Anthropic's dialect, by LiteLLM's translators."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiportal.registry import Deployment
from aiportal.routing.upstreams.litellm_library import NO_KEY
from aiportal.routing.upstreams.messages import messages_url
from aiportal.routing.upstreams.provider_arguments import API_BASES
from aiportal.routing.upstreams.translation import (
    EventParser,
    Parameters,
    ProviderAnswer,
    SilentLog,
    Translation,
    copied_messages,
)

__all__ = ["AnthropicTranslator"]

API_BASE = API_BASES["anthropic"]
# Parameters on which no header depends. LiteLLM looks the model up, at length, where there is any other.
_NO_HEADERS = frozenset(
    {"max_tokens", "metadata", "stop_sequences", "temperature", "top_k", "top_p"}
)


class AnthropicTranslator:
    """Build one off the event loop: it imports."""

    passed: tuple[str, ...] = ("https://",)

    def __init__(self) -> None:
        from litellm import AnthropicConfig, token_counter

        token_counter(
            model="", text="it counts thoughts that come uncounted, and first reads files"
        )
        self._config = AnthropicConfig()
        self._parameters = Parameters(self._config)

    def translate(
        self, deployment: Deployment, body: Mapping[str, Any], *, is_stream: bool
    ) -> Translation:
        """As `Translator` has it."""
        from litellm.anthropic_beta_headers_manager import update_request_with_filtered_beta

        model = deployment.upstream_model
        messages = copied_messages(body, self._config)
        given, parameters = self._parameters.mapped(body, model)
        is_json = bool(parameters.pop("json_mode", False))
        of_litellm: dict[str, Any] = {}  # what the request's translator notes for the answer's
        headers = self._config.validate_environment(
            headers=dict(deployment.headers),
            model=model,
            messages=messages,
            optional_params={
                name: value for name, value in parameters.items() if name not in _NO_HEADERS
            },
            litellm_params=of_litellm,
            api_key=deployment.api_key or NO_KEY,
            api_base=deployment.api_base or API_BASE,
        )
        if deployment.api_key is None:
            headers = {name: value for name, value in headers.items() if value != NO_KEY}
        data = self._config.transform_request(
            model=model,
            messages=messages,
            optional_params=parameters,
            litellm_params=of_litellm,
            headers=headers,
        )
        headers, data = update_request_with_filtered_beta(
            headers=headers, request_data=data, provider="anthropic"
        )
        if is_stream:
            data["stream"] = True
        call = _Call(self._config, model, messages, given, of_litellm, is_json=is_json)
        return _Translation(messages_url(deployment), headers, data, call)


@dataclass(frozen=True, slots=True)
class _Call:
    config: Any
    model: str
    messages: list[Any]
    given: dict[str, Any]
    of_litellm: dict[str, Any]
    is_json: bool


@dataclass(slots=True)
class _Translation:
    url: str
    headers: dict[str, str]
    body: dict[str, Any]
    call: _Call

    def answer(self, decoded: dict[str, Any]) -> Any:
        from litellm.types.utils import ModelResponse

        call = self.call
        return call.config.transform_response(
            model=call.model,
            raw_response=ProviderAnswer(decoded, {}),
            model_response=ModelResponse(),
            logging_obj=SilentLog(call.given),
            request_data=self.body,
            messages=call.messages,
            optional_params={},
            litellm_params=call.of_litellm,
            encoding=None,
            json_mode=call.is_json,
        )

    def parser(self) -> EventParser:
        return _EventParser(self.call)


class _EventParser:
    end: str | None = "message_stop"

    def __init__(self, call: _Call) -> None:
        from litellm.llms.anthropic.chat.handler import ModelResponseIterator
        from litellm.llms.anthropic.chat.transformation import ANTHROPIC_TOOL_NAME_REVERSE_MAP_KEY

        self._iterator = ModelResponseIterator(
            streaming_response=None,
            sync_stream=False,
            json_mode=call.is_json,
            tool_name_reverse_map=call.of_litellm.get(ANTHROPIC_TOOL_NAME_REVERSE_MAP_KEY),
        )

    def parse(self, event: dict[str, Any]) -> Any:
        return self._iterator.chunk_parser(event)
