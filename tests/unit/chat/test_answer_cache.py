"""The store of answers: whose they are, how old, how many."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from aiportal.chat import AnswerCache
from aiportal.chat.answer_cache import (
    MAX_ANSWER_BYTES,
    MAX_BYTES,
    MAX_ENTRIES,
    CacheKey,
    Caching,
    caching_of,
)
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.dialects.operations import FilePart
from aiportal.dialects.whole_request import WholeRequest
from aiportal.errors import InvalidRequest
from aiportal.principal import Principal
from aiportal.registry import Model, Registry
from aiportal.settings import Settings
from tests.upstreams import write_model_config

HOUR = Caching(3600, 3600)
ANN = Principal("u_ann", "ann", "user", key_id="k1")


@dataclass
class Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> AnswerCache:
    return AnswerCache(clock)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    folder = write_model_config(tmp_path / "model_config", "http://127.0.0.1:9/v1")
    settings = Settings(data_dir=tmp_path / "data", model_config_dir=folder)
    return Registry.load_now(settings).resolve(ANN, "acme/fast")


def chat(**fields: Any) -> ChatRequest:
    body = {"model": "acme/fast", "messages": [{"role": "user", "content": "Hi"}]}
    return ChatRequest.parse(body | fields)


def test_an_answer_is_taken_as_it_was_kept(cache: AnswerCache, clock: Clock, model: Model) -> None:
    key = CacheKey.of(ANN, model, chat())
    cache.keep(key, HOUR, "acme/fast#2", (b"a", b"b"))
    clock.now_s = 7

    found = cache.take(CacheKey.of(ANN, model, chat()), HOUR)

    assert found is not None
    answer, age_s = found
    assert (answer.blocks, answer.deployment_id, age_s) == ((b"a", b"b"), "acme/fast#2", 7)


@pytest.mark.parametrize(
    "other",
    [
        {"temperature": 0},
        {"stream": True},
        {"messages": [{"role": "user", "content": "hi"}]},
        {"x_vendor": None},
    ],
)
def test_another_body_is_another_key(model: Model, other: dict[str, Any]) -> None:
    assert CacheKey.of(ANN, model, chat()) != CacheKey.of(ANN, model, chat(**other))


def test_the_order_of_fields_does_not_count(model: Model) -> None:
    body = chat(temperature=0, seed=1).body
    backwards = ChatRequest.parse({name: body[name] for name in reversed(list(body))})

    assert CacheKey.of(ANN, model, chat(temperature=0, seed=1)) == CacheKey.of(
        ANN, model, backwards
    )


def test_another_file_is_another_key(model: Model) -> None:
    def digest(content: bytes) -> bytes:
        part = FilePart("image", "a.png", "image/png", content)
        request = WholeRequest("images/edits", "acme/fast", {"prompt": "a"}, 1, (part,))
        return CacheKey.of(ANN, model, request).digest

    assert digest(b"a") == digest(b"a")
    assert digest(b"a") != digest(b"b")


@pytest.mark.parametrize(
    ("other", "is_shared"),
    [
        (replace(ANN, user_id="u_bob"), False),
        (replace(ANN, user_id="u_bob", role="admin"), False),
        (replace(ANN, key_id="k2"), True),
        (replace(ANN, key_id=None), True),
        (replace(ANN, allowed_models=frozenset({"acme/fast"})), False),
    ],
)
def test_who_shares_an_answer(
    cache: AnswerCache, model: Model, other: Principal, is_shared: bool
) -> None:
    cache.keep(CacheKey.of(ANN, model, chat()), HOUR, "acme/fast", (b"a",))

    assert (cache.take(CacheKey.of(other, model, chat()), HOUR) is not None) is is_shared


def test_two_restricted_keys_of_a_user_share_nothing(model: Model) -> None:
    first = replace(ANN, allowed_models=frozenset({"acme/fast"}))

    assert CacheKey.of(first, model, chat()) != CacheKey.of(
        replace(first, key_id="k2"), model, chat()
    )


def test_an_answer_of_the_model_before_a_change_is_not_taken(
    cache: AnswerCache, model: Model
) -> None:
    cache.keep(CacheKey.of(ANN, model, chat()), HOUR, "acme/fast", (b"a",))
    changed = replace(model, parameters={"temperature": 1})

    assert cache.take(CacheKey.of(ANN, changed, chat()), HOUR) is None
    assert cache.take(CacheKey.of(ANN, replace(model), chat()), HOUR) is not None


@pytest.mark.parametrize(
    ("age_s", "max_age_s", "is_taken"),
    [
        (0, 1, True),
        (9.9, 10, True),
        (10, 10, False),
        (59, 60, True),
        (60, 3600, False),
        (0, 0, False),
    ],
)
def test_an_answer_is_taken_while_it_is_young_enough(
    cache: AnswerCache, clock: Clock, model: Model, age_s: float, max_age_s: float, is_taken: bool
) -> None:
    key = CacheKey.of(ANN, model, chat())
    cache.keep(key, Caching(60, 60), "acme/fast", (b"a",))
    clock.now_s = age_s

    assert (cache.take(key, Caching(max_age_s, 60)) is not None) is is_taken


def test_what_is_kept_for_no_time_is_not_kept(cache: AnswerCache, model: Model) -> None:
    cache.keep(CacheKey.of(ANN, model, chat()), Caching(0, 0), "acme/fast", (b"a",))

    assert len(cache) == 0


def test_small_answers_are_bounded_in_number(cache: AnswerCache, model: Model) -> None:
    for number in range(MAX_ENTRIES + 10):
        cache.keep(CacheKey(number.to_bytes(32), model), HOUR, "acme/fast", (b"a",))

    assert len(cache) == MAX_ENTRIES
    assert cache.take(CacheKey((0).to_bytes(32), model), HOUR) is None


def test_large_answers_are_bounded_in_bytes(cache: AnswerCache, model: Model) -> None:
    for number in range(40):
        blocks = (b"a" * MAX_ANSWER_BYTES,)
        cache.keep(CacheKey(number.to_bytes(32), model), HOUR, "acme/fast", blocks)

    assert len(cache) == MAX_BYTES // MAX_ANSWER_BYTES


def test_an_answer_that_is_too_large_is_not_kept(cache: AnswerCache, model: Model) -> None:
    key = CacheKey.of(ANN, model, chat())
    cache.keep(key, HOUR, "acme/fast", (b"a" * (MAX_ANSWER_BYTES + 1),))

    assert cache.take(key, HOUR) is None


@pytest.mark.parametrize(
    ("wish", "ttl_s", "expected"),
    [
        (None, None, None),
        (None, 60.0, Caching(60, 60)),
        ("off", 60.0, None),
        ("OFF", None, None),
        ("5", None, Caching(5, 5)),
        ("5", 60.0, Caching(5, 60)),
        ("90", 60.0, Caching(90, 90)),
        ("0", 60.0, Caching(0, 60)),
        ("0", None, Caching(0, 0)),
        ("2592000", None, Caching(2_592_000, 2_592_000)),
    ],
)
def test_what_a_call_and_its_model_wish(
    model: Model, wish: str | None, ttl_s: float | None, expected: Caching | None
) -> None:
    assert caching_of(replace(model, cache_ttl_s=ttl_s), wish) == expected


@pytest.mark.parametrize("wish", ["", "-1", "1.5", "on", "1e3", "²", "2592001", "9" * 5_000])
def test_a_wish_that_is_none(model: Model, wish: str) -> None:
    with pytest.raises(InvalidRequest, match="x-aiportal-cache"):
        caching_of(model, wish)
