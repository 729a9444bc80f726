"""Reranking, as Cohere's and Jina's APIs have it in common: the request."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from aiportal.dialects.openai_chat import ChatLimits
from aiportal.dialects.whole_request import WholeBody, WholeRequest, check_lengths, validated
from aiportal.errors import InvalidRequest

__all__ = ["RerankBody", "parse_rerank"]

MAX_DOCUMENTS = 10_000


class RerankBody(WholeBody):
    """What the portal reads of a request; every other field travels on unchanged."""

    query: Annotated[str, StringConstraints(min_length=1)]
    documents: Annotated[list[str | dict[str, Any]], Field(min_length=1, max_length=MAX_DOCUMENTS)]
    top_n: Annotated[int, Field(ge=1)] | None = None
    return_documents: bool | None = None


def parse_rerank(body: object, limits: ChatLimits) -> WholeRequest:
    """Validate a decoded JSON body. Raises InvalidRequest that names the field at fault."""
    asked, fields = validated(RerankBody, body)
    texts = [_text(document, index) for index, document in enumerate(asked.documents)]
    chars = check_lengths([asked.query], limits.max_content_chars, param="query")
    chars += check_lengths(texts, limits.max_content_chars, param="documents")
    return WholeRequest("rerank", asked.model, fields, chars)


def _text(document: str | dict[str, Any], index: int) -> str:
    text = document.get("text") if isinstance(document, dict) else document
    if not isinstance(text, str):
        raise InvalidRequest(
            "A document is a text, or an object that holds one as `text`.",
            param=f"documents.{index}",
        )
    return text
