"""Gemini's generateContent (Google AI Studio), by LiteLLM's translators."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from aiportal.registry import Deployment
from aiportal.routing.upstreams.litellm_library import NO_KEY
from aiportal.routing.upstreams.translation import (
    EventParser,
    Parameters,
    ProviderAnswer,
    SilentLog,
    Translation,
    copied_messages,
)

__all__ = ["GeminiTranslator"]

DIALECT: Literal["gemini"] = "gemini"


class GeminiTranslator:
    """Build one off the event loop: it imports."""

    passed: tuple[str, ...] = ("https://generativelanguage.googleapis.com/v1beta/files/",)

    def __init__(self) -> None:
        from litellm import GoogleAIStudioGeminiConfig
        from litellm.llms.vertex_ai.vertex_llm_base import VertexBase

        self._config = GoogleAIStudioGeminiConfig()
        self._addresses = VertexBase()
        self._parameters = Parameters(self._config)

    def translate(
        self, deployment: Deployment, body: Mapping[str, Any], *, is_stream: bool
    ) -> Translation:
        """As `Translator` has it."""
        from litellm.llms.vertex_ai.gemini.transformation import transform_request_body

        model = deployment.upstream_model
        given, parameters = self._parameters.mapped(body, model)
        headers, url = self._address(deployment, is_stream=is_stream)
        messages = copied_messages(body, self._config)
        data = transform_request_body(
            messages=messages,
            model=model,
            optional_params=parameters,
            custom_llm_provider=DIALECT,
            litellm_params={},
            cached_content=parameters.pop("cached_content", None),
        )
        return _Translation(url, headers, dict(data), self._config, model, given)

    def _address(self, deployment: Deployment, *, is_stream: bool) -> tuple[dict[str, str], str]:
        """Headers and address of a call."""
        base = deployment.api_base.rstrip("/") if deployment.api_base else None
        key, url = self._addresses.get_token_and_url(
            model=deployment.upstream_model,
            auth_header=None,
            gemini_api_key=deployment.api_key or NO_KEY,
            vertex_project=None,
            vertex_location=None,
            vertex_credentials=None,
            stream=is_stream,
            custom_llm_provider=DIALECT,
            api_base=base,
        )
        headers: dict[str, str] = self._config.validate_environment(
            headers=dict(deployment.headers),
            model=deployment.upstream_model,
            messages=[],
            optional_params={},
            litellm_params={},
            api_key=key if deployment.api_key else None,
        )
        return headers, url


@dataclass(slots=True)
class _Translation:
    url: str
    headers: dict[str, str]
    body: dict[str, Any]
    config: Any
    model: str
    given: dict[str, Any]

    def answer(self, decoded: dict[str, Any]) -> Any:
        from litellm.types.utils import ModelResponse

        return self.config.transform_response(
            model=self.model,
            raw_response=ProviderAnswer(decoded, {}),
            model_response=ModelResponse(),
            logging_obj=SilentLog(self.given),
            request_data=self.body,
            messages=[],
            optional_params={},
            litellm_params={},
            encoding=None,
        )

    def parser(self) -> EventParser:
        return _EventParser(self.given)


class _EventParser:
    end: str | None = None  # the answer ends with the connection

    def __init__(self, given: dict[str, Any]) -> None:
        from litellm.llms.vertex_ai.gemini.vertex_and_google_ai_studio_gemini import (
            ModelResponseIterator,
        )

        self._iterator = ModelResponseIterator(
            streaming_response=None,
            sync_stream=False,
            logging_obj=SilentLog(given),  # type: ignore[arg-type] # all that it reads
        )

    def parse(self, event: dict[str, Any]) -> Any:
        return self._iterator.chunk_parser(event)
