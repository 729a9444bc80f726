"""What a model's config puts to a message in Anthropic's dialect."""

from typing import Any

import pytest

from aiportal.chat.upstream_body import upstream_body
from aiportal.dialects.anthropic import CallersHeaders, NativeRequest
from aiportal.dialects.openai_chat import ChatLimits
from tests.unit.routing.models import deployment, model

BODY: dict[str, Any] = {
    "model": "acme/fast",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "Hi"}],
}


def sent(asked: Any, serving: Any = None, *, is_count: bool = False, **fields: Any) -> Any:
    request = NativeRequest.parse(
        {**BODY, **fields}, CallersHeaders(), ChatLimits(), is_count=is_count
    )
    return upstream_body(asked, request, serving or asked, deployment())


def test_the_callers_body_is_not_changed() -> None:
    asked = model([deployment()], system_prompt="Be brief.", parameters={"top_k": 1})
    before = {**BODY, "messages": list(BODY["messages"])}
    sent(asked)
    assert before == BODY


@pytest.mark.parametrize(
    ("name", "value", "word", "expected"),
    [
        ("stop", ["a"], "stop_sequences", ["a"]),
        ("stop", "a", "stop_sequences", ["a"]),
        ("stop_sequences", ["a"], "stop_sequences", ["a"]),
        ("top_k", 0, "top_k", 0),
        ("temperature", 0, "temperature", 0),
    ],
)
def test_a_default_is_put_in_anthropics_words(
    name: str, value: Any, word: str, expected: Any
) -> None:
    found = sent(model([deployment()], parameters={name: value}))
    assert found == {**BODY, "model": "fast", word: expected}


def test_a_default_without_a_word_is_left_out() -> None:
    defaults = {"seed": 1, "reasoning_effort": "low", "max_completion_tokens": 5, "n": 2}
    assert sent(model([deployment()], parameters=defaults)) == {**BODY, "model": "fast"}


def test_thinking_that_is_disabled_excludes_nothing() -> None:
    asked = model([deployment()], parameters={"temperature": 0.5})
    assert sent(asked, thinking={"type": "disabled"})["temperature"] == 0.5
    assert "temperature" not in sent(asked, thinking={"type": "adaptive"})


def test_a_stand_in_for_a_custom_model_gets_its_prompt_and_defaults() -> None:
    asked = model(
        [deployment()],
        id="custom/x",
        base_model="acme/fast",
        system_prompt="Be brief.",
        parameters={"top_k": 1},
    )
    serving = model([deployment()], system_prompt="Other.", parameters={"top_k": 2, "stop": "a"})
    found = sent(asked, serving)
    assert (found["system"], found["top_k"]) == ("Be brief.", 1)
    assert found["stop_sequences"] == ["a"]


def test_a_count_is_of_the_prompt_alone() -> None:
    asked = model([deployment()], system_prompt="Be brief.", parameters={"top_k": 1})
    found = sent(asked, is_count=True, stream=False, temperature=0, tools=[])
    counted = {"model": "fast", "messages": BODY["messages"], "tools": []}
    assert found == {**counted, "system": "Be brief."}
