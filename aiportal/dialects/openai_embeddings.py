"""OpenAI's embeddings: the request, and the two forms in which vectors come back."""

import asyncio
import base64
import binascii
import re
import sys
from array import array
from collections.abc import Callable
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field, StringConstraints

from aiportal.dialects.exchange import Untranslated
from aiportal.dialects.openai_chat import ChatLimits
from aiportal.dialects.whole_request import WholeBody, WholeRequest, check_lengths, validated
from aiportal.errors import UpstreamError

__all__ = ["EmbeddingsBody", "OpenAiEmbeddings", "parse_embeddings"]

MAX_INPUTS = 2_048  # OpenAI's bound
MAX_INPUT_TOKENS = 131_072  # of one input; more than any embedding model holds
_CHARS_OF_A_TOKEN = 4
_OFF_LOOP_BYTES = 256 * 1024

Text = Annotated[str, StringConstraints(min_length=1)]
Token = Annotated[int, Field(ge=0, lt=2**31)]
Tokens = Annotated[list[Token], Field(min_length=1, max_length=MAX_INPUT_TOKENS)]


class EmbeddingsBody(WholeBody):
    """What the portal reads of a request; every other field travels on unchanged."""

    input: (
        Text
        | Annotated[list[Text], Field(min_length=1, max_length=MAX_INPUTS)]
        | Tokens
        | Annotated[list[Tokens], Field(min_length=1, max_length=MAX_INPUTS)]
    )
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


def parse_embeddings(body: object, limits: ChatLimits) -> WholeRequest:
    """Validate a decoded JSON body. Raises InvalidRequest that names the field at fault."""
    asked, fields = validated(EmbeddingsBody, body)
    inputs = asked.input if isinstance(asked.input, list) else [asked.input]
    chars = check_lengths(
        (each for each in inputs if isinstance(each, str)), limits.max_content_chars, param="input"
    )
    tokens = sum(
        len(each) if isinstance(each, list) else 1 for each in inputs if not isinstance(each, str)
    )
    return WholeRequest("embeddings", asked.model, fields, chars + tokens * _CHARS_OF_A_TOKEN)


class OpenAiEmbeddings(Untranslated):
    """Passes the answer on as it is, unless its vectors are not in the form that was asked for."""

    def __init__(self, request: WholeRequest) -> None:
        super().__init__(request)
        wants_base64 = request.body.get("encoding_format") == "base64"
        self._other_form = _FLOATS if wants_base64 else _BASE64
        self._convert: Callable[[Any], Any] = _as_base64 if wants_base64 else _as_floats

    async def answer(self, body: bytes) -> bytes:
        if self._other_form.search(body) is None:
            return body
        if len(body) < _OFF_LOOP_BYTES:
            return self._converted(body)
        return await asyncio.to_thread(self._converted, body)

    def _converted(self, body: bytes) -> bytes:
        answer = orjson.loads(body)
        for item in answer["data"]:
            if isinstance(item, dict) and "embedding" in item:
                item["embedding"] = self._convert(item["embedding"])
        return orjson.dumps(answer)


# Neither can occur inside a JSON string, where every quotation mark is escaped.
_FLOATS = re.compile(rb'"embedding"\s*:\s*\[')
_BASE64 = re.compile(rb'"embedding"\s*:\s*"')


def _as_base64(vector: Any) -> Any:
    """Little-endian 32-bit floats, as OpenAI packs them. What is no flat vector stays as it is."""
    if not isinstance(vector, list) or not all(type(one) in (float, int) for one in vector):
        return vector
    try:
        packed = array("f", vector)
    except OverflowError as error:
        raise _unreadable() from error
    if sys.byteorder == "big":
        packed.byteswap()
    return base64.b64encode(packed.tobytes()).decode()


def _as_floats(packed: Any) -> Any:
    if not isinstance(packed, str):
        return packed
    vector = array("f")
    try:
        vector.frombytes(base64.b64decode(packed, validate=True))
    except (binascii.Error, ValueError) as error:
        raise _unreadable() from error
    if sys.byteorder == "big":
        vector.byteswap()
    return vector.tolist()


def _unreadable() -> UpstreamError:
    return UpstreamError(
        "The provider of this model sent a vector that cannot be read.",
        code="upstream_protocol_error",
    )
