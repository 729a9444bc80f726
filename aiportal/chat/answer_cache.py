"""Answers that may be given again, to the same caller for the same request."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from cachetools import TLRUCache

from aiportal.dialects.operations import ModelRequest
from aiportal.errors import InvalidRequest
from aiportal.principal import Principal
from aiportal.registry import Model

__all__ = ["MAX_AGE_S", "AnswerCache", "CacheKey", "CachedAnswer", "Caching", "caching_of"]

MAX_AGE_S = 30 * 86_400  # as the model's setting
MAX_BYTES = 64 * 1024 * 1024
MAX_ENTRIES = 8_192
MAX_ANSWER_BYTES = MAX_BYTES // 16
_SMALLEST = MAX_BYTES // MAX_ENTRIES


@dataclass(frozen=True, slots=True)
class Caching:
    """What one call wants: an answer at most `max_age_s` old, and its own kept for `keep_s`."""

    max_age_s: float
    keep_s: float


def caching_of(model: Model, wish: str | None) -> Caching | None:
    """None where an answer is neither taken from the cache nor put there.

    wish: the call's own, `off` or seconds; None leaves it to the model. Zero asks anew, for a fresh
    answer in the place of the kept one. Raises InvalidRequest.
    """
    kept_s = model.cache_ttl_s or 0.0
    if wish is None:
        return Caching(kept_s, kept_s) if kept_s else None
    if wish.lower() == "off":
        return None
    if not (wish.isascii() and wish.isdigit() and len(wish) < 10 and int(wish) <= MAX_AGE_S):
        raise InvalidRequest(
            f"The header x-aiportal-cache is `off` or whole seconds, at most {MAX_AGE_S}."
        )
    return Caching(float(wish), max(float(wish), kept_s))


@dataclass(frozen=True, slots=True)
class CacheKey:
    """digest: of who asks what. model: as it is configured, since an answer of another is none of its."""

    digest: bytes
    model: Model

    @classmethod
    def of(cls, principal: Principal, model: Model, request: ModelRequest) -> "CacheKey":
        """Of two requests the same only for one user, one operation and bodies that mean the same.

        A key with restrictions shares with no other key. Raises InvalidRequest for a body that is
        nested too deeply.
        """
        key_id = principal.key_id if principal.allowed_models is not None else None
        asked = [
            principal.user_id,
            key_id,
            model.id,
            request.operation,
            request.is_stream,
            request.body,
            dict(request.headers),
            [[part.name, part.filename, part.content_type] for part in request.files],
        ]
        try:
            hashed = hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS))
        except orjson.JSONEncodeError as error:
            raise InvalidRequest("The body is nested too deeply to look for its answer.") from error
        for part in request.files:
            hashed.update(len(part.content).to_bytes(8))
            hashed.update(part.content)
        return cls(hashed.digest(), model)


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """A whole answer as it went out, or a stream's blocks, the last of them its end."""

    model: Model
    deployment_id: str
    blocks: tuple[bytes, ...]
    kept_at: float
    keep_s: float

    @property
    def size(self) -> int:
        """Bytes, and no less than what bounds the number of answers."""
        return max(sum(map(len, self.blocks)), _SMALLEST)


class AnswerCache:
    """In memory: bounded in bytes and in number, the least recently used go first.

    now: seconds on a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._answers = TLRUCache[bytes, CachedAnswer, float](
            MAX_BYTES,
            lambda _, answer, at: at + answer.keep_s,
            timer=now,
            getsizeof=lambda answer: answer.size,
        )

    def __len__(self) -> int:
        return len(self._answers)

    def take(self, key: CacheKey, caching: Caching) -> tuple[CachedAnswer, float] | None:
        """An answer that is young enough, and its age in seconds."""
        answer: CachedAnswer | None = self._answers.get(key.digest)
        if answer is None or answer.model != key.model:
            return None
        age_s = self._now() - answer.kept_at
        return (answer, age_s) if age_s < caching.max_age_s else None

    def keep(
        self, key: CacheKey, caching: Caching, deployment_id: str, blocks: tuple[bytes, ...]
    ) -> None:
        """Put an answer in the place of the one before. One that is too large is not kept."""
        answer = CachedAnswer(key.model, deployment_id, blocks, self._now(), caching.keep_s)
        if answer.size <= MAX_ANSWER_BYTES:
            self._answers[key.digest] = answer

    def clear(self) -> None:
        """Forget everything."""
        self._answers.clear()
