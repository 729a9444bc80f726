"""Our quick way to Anthropic and Gemini says the same as LiteLLM's `acompletion`, on the same wire."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from aiportal.routing.upstreams.call import Upstream
from aiportal.routing.upstreams.http_pool import HttpPool
from aiportal.routing.upstreams.litellm import LiteLlmUpstream
from aiportal.routing.upstreams.litellm_library import import_litellm
from aiportal.routing.upstreams.translated import TranslatedUpstream
from tests.contract.dialect_calls import asked, joined, request_of, sent, streamed
from tests.contract.dialect_cases import REQUESTS
from tests.upstreams import anthropic, gemini
from tests.upstreams.answers import Answer
from tests.upstreams.scripted import ScriptedUpstream

# LiteLLM's own, which no caller can mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
DIALECTS = ("anthropic", "gemini")
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
TOOL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}}
BARE_TOOL = {"type": "tool_use", "id": "toolu_2", "name": "time", "input": {}}
THINKING = {"type": "thinking", "thinking": "Well.", "signature": "c2ln"}
CACHED = {
    "input_tokens": 5,
    "output_tokens": 8,
    "cache_read_input_tokens": 100,
    "cache_creation_input_tokens": 20,
}
CALL = {"functionCall": {"name": "weather", "args": {"city": "Paris"}}}
OTHER_CALL = {"functionCall": {"name": "time", "args": {}}}
THOUGHT = {"text": "Well.", "thought": True}
SPENT = {
    "promptTokenCount": 120,
    "candidatesTokenCount": 8,
    "totalTokenCount": 133,
    "cachedContentTokenCount": 100,
    "thoughtsTokenCount": 5,
}
ANSWERS: dict[str, tuple[str, Answer]] = {
    "claude: text": ("anthropic", anthropic.says(anthropic.message("It is\nParis."))),
    "claude: cut": ("anthropic", anthropic.says(anthropic.message("I", stop_reason="max_tokens"))),
    "claude: cached": ("anthropic", anthropic.says(anthropic.message("Hi", usage=CACHED))),
    "claude: refused": ("anthropic", anthropic.says(anthropic.message(stop_reason="refusal"))),
    "claude: thinking": ("anthropic", anthropic.says(anthropic.message(THINKING, "Paris."))),
    "claude: parallel tools": (
        "anthropic",
        anthropic.says(anthropic.message("Let me.", TOOL, BARE_TOOL, stop_reason="tool_use")),
    ),
    "gemini: text": ("gemini", gemini.says(gemini.response("It is ", "Paris."))),
    "gemini: cut": ("gemini", gemini.says(gemini.response("I", finish="MAX_TOKENS"))),
    "gemini: thinking": ("gemini", gemini.says(gemini.response(THOUGHT, "Paris.", usage=SPENT))),
    "gemini: tools": ("gemini", gemini.says(gemini.response(CALL, OTHER_CALL))),
}


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> None:
    """Not watched here: `acompletion`, with which we compare, looks for files in its first calls."""


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture
async def both(upstream: ScriptedUpstream) -> AsyncIterator[tuple[Upstream, Upstream]]:
    """Ours and `acompletion`; what that keeps open would else live on after the loop's end."""
    async with HttpPool.open() as pool:
        yield TranslatedUpstream(pool), LiteLlmUpstream()
    await import_litellm().close_litellm_async_clients()


def simple(dialect: str) -> Answer:
    say: dict[str, Callable[[], Answer]] = {
        "anthropic": lambda: anthropic.says(anthropic.message("Hi")),
        "gemini": lambda: gemini.says(gemini.response("Hi")),
    }
    return say[dialect]()


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("case", REQUESTS)
@pytest.mark.parametrize("way", [{}, STREAM], ids=["whole", "streamed"])
async def test_the_provider_gets_what_acompletion_would_send(
    both: tuple[Upstream, Upstream],
    upstream: ScriptedUpstream,
    dialect: str,
    case: str,
    way: dict[str, Any],
) -> None:
    upstream.will_say(simple(dialect))
    for each in both:
        request = request_of(dialect, upstream.base, {**REQUESTS[case], **way})
        await (streamed if way else asked)(each, request)
    ours, theirs = upstream.requests
    assert sent(ours) == sent(theirs)


@pytest.mark.parametrize("case", ANSWERS)
async def test_the_caller_gets_the_answer_of_acompletion(
    both: tuple[Upstream, Upstream], upstream: ScriptedUpstream, case: str
) -> None:
    dialect, answer = ANSWERS[case]
    upstream.will_say(answer)
    ours, theirs = [await asked(each, request_of(dialect, upstream.base, {})) for each in both]
    assert _without_marks(ours) == _without_marks(theirs)


@pytest.mark.parametrize("case", ANSWERS)
async def test_the_caller_gets_the_stream_of_acompletion(
    both: tuple[Upstream, Upstream], upstream: ScriptedUpstream, case: str
) -> None:
    dialect, answer = ANSWERS[case]
    upstream.will_say(answer)
    ours, theirs = [
        joined(await streamed(each, request_of(dialect, upstream.base, STREAM))) for each in both
    ]
    assert _without_marks(ours) == _without_marks(theirs)


async def test_neither_takes_a_key_from_the_environment(
    both: tuple[Upstream, Upstream], upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-of-somebody-else")
    upstream.will_say(simple("anthropic"))
    for each in both:
        await asked(each, request_of("anthropic", upstream.base, {}, key=None))
    assert "somebody" not in repr([request.headers for request in upstream.requests])


def _without_marks(value: Any) -> Any:
    """Without what differs from call to call: ids that LiteLLM makes up, and times."""
    if isinstance(value, dict):
        kept = {k: _without_marks(v) for k, v in value.items() if k not in {"id", "created"}}
        return {k: v for k, v in kept.items() if v is not None}
    if isinstance(value, list):
        return [_without_marks(each) for each in value]
    return value
