"""What a fake provider answers on the routes beside chat: embeddings, images, moderations, rerank."""

import base64
import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from tests.upstreams.answers import Answer, Step, plain, text
from tests.upstreams.received import Received

__all__ = ["PIXEL", "USUAL", "VECTOR", "embeddings", "images", "moderations", "ranking"]

VECTOR = (0.5, -0.25, 1.0)  # exact as 32-bit floats
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n not quite").decode()
IMAGE_USAGE: Mapping[str, Any] = {
    "input_tokens": 50,
    "output_tokens": 272,
    "total_tokens": 322,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
}


def embeddings(form: Literal["float", "base64"] | None = None, vector: Any = VECTOR) -> Answer:
    """One vector for each input. form: whatever was asked for; None for what was."""

    def answer(request: Received) -> Sequence[Step]:
        asked = form or request.json.get("encoding_format", "float")
        one = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        given = request.json["input"]
        count = len(given) if isinstance(given, list) and not isinstance(given[0], int) else 1
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": one if asked == "base64" else list(vector),
            }
            for index in range(count)
        ]
        usage = {"prompt_tokens": 7, "total_tokens": 7}
        return _json({"object": "list", "model": request.model, "data": data, "usage": usage})(
            request
        )

    return answer


def images(usage: Mapping[str, Any] | None = IMAGE_USAGE) -> Answer:
    """One image, as base64. usage: None for a provider that never sends any."""
    body: dict[str, Any] = {"created": 1_700_000_000, "data": [{"b64_json": PIXEL}]}
    return _json(body if usage is None else body | {"usage": dict(usage)})


def moderations() -> Answer:
    """All is well."""
    result = {"flagged": False, "categories": {"hate": False}, "category_scores": {"hate": 0.01}}
    return _json({"id": "modr-fake", "model": "fast", "results": [result]})


def ranking(**told: Any) -> Answer:
    """The documents backwards. told: `usage` as Jina tells it (the default), or Cohere's `meta`."""

    def answer(request: Received) -> Sequence[Step]:
        count = len(request.json["documents"])
        results = [
            {"index": index, "relevance_score": round((index + 1) / count, 3)}
            for index in reversed(range(count))
        ][: request.json.get("top_n") or count]
        return _json({"model": request.model, "results": results, **(told or JINAS)})(request)

    return answer


JINAS: Mapping[str, Any] = {"usage": {"total_tokens": 15}}


def _json(body: Mapping[str, Any]) -> Answer:
    return plain(json.dumps(body).encode())


USUAL: Mapping[str, Answer] = {
    "/v1/chat/completions": text(),
    "/v1/embeddings": embeddings(),
    "/v1/images/generations": images(),
    "/v1/images/edits": images(),
    "/v1/moderations": moderations(),
    "/v1/rerank": ranking(),
}
"""The answer of a model without a script, by path."""
