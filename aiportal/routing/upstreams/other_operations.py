"""Embeddings, pictures and ranking by providers of other dialects, through LiteLLM."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from aiportal.dialects.operations import Operation
from aiportal.errors import InvalidRequest, UpstreamRejected, UpstreamTimeout
from aiportal.routing.upstreams.call import UpstreamCall, UpstreamRequest
from aiportal.routing.upstreams.litellm_library import LiteLlmLibrary, foreign_errors
from aiportal.routing.upstreams.provider_arguments import provider_arguments

__all__ = ["OPERATION_FIELDS", "OtherOperations"]

OPERATION_FIELDS: Mapping[Operation, frozenset[str]] = {
    "embeddings": frozenset({"dimensions", "input", "user"}),
    "images/generations": frozenset(
        {
            "background",
            "n",
            "output_compression",
            "output_format",
            "prompt",
            "quality",
            "response_format",
            "size",
            "style",
            "user",
        }
    ),
    "rerank": frozenset(
        {"documents", "max_tokens_per_doc", "query", "rank_fields", "return_documents", "top_n"}
    ),
}
"""What of a caller's body becomes an argument of LiteLLM, for the reason of CHAT_FIELDS."""

# Texts that LiteLLM would take for files, and ask the provider for.
_FILE_REFERENCES = ("data:", "files/", "gs://")


@dataclass(frozen=True, slots=True)
class _Operation:
    """dialects: whose providers offer it. function: LiteLLM's. check: of the caller's body."""

    dialects: frozenset[str]
    function: str
    check: Callable[[Mapping[str, Any]], None]


class OtherOperations:
    """Asks for what is not chat. library: shared with whoever else asks LiteLLM."""

    def __init__(self, library: LiteLlmLibrary | None = None) -> None:
        self._library = library or LiteLlmLibrary()

    async def send(self, request: UpstreamRequest) -> UpstreamCall:
        """Raises UpstreamError, ModelUnavailable where a key is missing, and InvalidRequest for what
        providers of other dialects are not asked for."""
        return _WholeAnswer(await self._ask(request))

    async def _ask(self, request: UpstreamRequest) -> bytes:
        """The answer as OpenAI's JSON; of `rerank` as Cohere's."""
        operation, body, timeout_s = request.operation, request.body, request.timeouts.total_s
        how = _OPERATIONS.get(operation)
        if how is None or request.deployment.dialect not in how.dialects:
            raise InvalidRequest(
                f"The provider of the model {request.model.id!r} does not offer `{operation}`. "
                "Use another model.",
                param="model",
            )
        how.check(body)
        fields = OPERATION_FIELDS[operation] & body.keys()
        arguments = {name: body[name] for name in fields if body[name] is not None}
        library = await self._library.load()
        try:
            async with asyncio.timeout(timeout_s):
                with foreign_errors(request.deployment.confidential):
                    answer = await getattr(library, how.function)(
                        **provider_arguments(request.deployment, operation),
                        timeout=timeout_s,
                        **arguments,
                    )
        except TimeoutError as error:
            raise UpstreamTimeout(
                "The provider of this model did not answer in time. Try again, or use another model."
            ) from error
        decoded = answer.model_dump(exclude_none=True)
        if operation == "embeddings":
            _number_rows(decoded)
        return orjson.dumps(decoded)


class _WholeAnswer:
    """An answer that is here already."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def read(self) -> bytes:
        return self._body

    async def pieces(self) -> AsyncIterator[bytes]:
        yield self._body

    def pause(self) -> None:
        """Nothing more comes."""

    async def close(self) -> None:
        """Nothing is held."""


def _check_texts(body: Mapping[str, Any]) -> None:
    given = body.get("input")
    every = given if isinstance(given, list) else [given]
    texts = [text for text in every if isinstance(text, str)]
    if not every or len(texts) < len(every):
        raise UpstreamRejected(
            "The provider of this model takes a text or a list of texts as `input`.", param="input"
        )
    if any(text.startswith(_FILE_REFERENCES) for text in texts):
        raise UpstreamRejected(
            "`input` must be text; a text may not begin as the address of a file does.",
            param="input",
        )


def _check_prompt(body: Mapping[str, Any]) -> None:
    if not isinstance(body.get("prompt"), str):
        raise UpstreamRejected("`prompt` must be a text.", param="prompt")


def _check_ranking(body: Mapping[str, Any]) -> None:
    if not isinstance(body.get("query"), str):
        raise UpstreamRejected("`query` must be a text.", param="query")
    documents = body.get("documents")
    if not isinstance(documents, list) or not documents:
        raise UpstreamRejected("`documents` must be a list of texts.", param="documents")


def _number_rows(answer: dict[str, Any]) -> None:
    """As OpenAI does. Vectors stay floats: no other provider knows `encoding_format`."""
    for number, row in enumerate(answer["data"]):
        row |= {"object": "embedding", "index": row.get("index", number)}


_CLOUDS = frozenset({"bedrock", "vertex_ai"})
_OPERATIONS: Mapping[Operation, _Operation] = {
    "embeddings": _Operation(_CLOUDS | {"cohere", "gemini"}, "aembedding", _check_texts),
    "images/generations": _Operation(_CLOUDS | {"gemini"}, "aimage_generation", _check_prompt),
    "rerank": _Operation(_CLOUDS | {"cohere"}, "arerank", _check_ranking),
}
