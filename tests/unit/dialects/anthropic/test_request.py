"""What a model is asked for a request of Anthropic's."""

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiportal.dialects.anthropic import Target, chat_request, parse_count, parse_messages
from aiportal.dialects.openai_chat import ChatLimits
from aiportal.errors import InvalidRequest

HI = {"role": "user", "content": "Hi"}
PLAIN = Target()
REASONING = Target(is_reasoning=True)
CLAUDE = Target(is_anthropic=True, is_reasoning=True)
CACHED = {"cache_control": {"type": "ephemeral"}}
PNG = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
PNG_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
WEATHER = {"name": "weather", "description": "of a city", "input_schema": {"type": "object"}}
CALL = {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Köln"}}


def message(**fields: Any) -> dict[str, Any]:
    return {"model": "acme/fast", "max_tokens": 9, "messages": [HI]} | fields


def chat(target: Target = PLAIN, **fields: Any) -> dict[str, Any]:
    request = chat_request(parse_messages(message(**fields)), target, ChatLimits())
    return dict(request.body)


def turns(*messages: dict[str, Any], target: Target = PLAIN, **fields: Any) -> list[Any]:
    return list(chat(target, messages=list(messages), **fields)["messages"])


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def result(**fields: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": "call_1"} | fields


def text(words: str, **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": words} | fields


def test_a_plain_question_is_one_message() -> None:
    assert chat() == {"model": "acme/fast", "messages": [HI], "max_tokens": 9}


def test_sampling_fields_keep_their_meaning_and_zero_is_a_value() -> None:
    found = chat(
        temperature=0,
        top_p=0.5,
        top_k=0,
        stop_sequences=["END"],
        metadata={"user_id": "ann"},
        service_tier="standard_only",
    )
    assert found["temperature"] == found["top_k"] == 0
    assert (found["top_p"], found["stop"], found["user"]) == (0.5, ["END"], "ann")
    assert found["service_tier"] == "default"


def test_fields_that_nobody_knows_and_empty_ones_are_left_out() -> None:
    ignored: dict[str, Any] = {
        "inference_geo": "eu",
        "speed": "fast",
        "cache_control": {},
        "service_tier": "auto",
    }
    assert chat(**ignored, stop_sequences=[], temperature=None, tools=[], system="") == chat()


def test_a_stream_asks_for_its_usage() -> None:
    found = chat(stream=True)
    assert (found["stream"], found["stream_options"]) == (True, {"include_usage": True})


@pytest.mark.parametrize("system", ["a\n\nb", [text("a", **CACHED), text("b")]])
def test_the_system_prompt_comes_first(system: Any) -> None:
    assert turns(HI, system=system) == [{"role": "system", "content": "a\n\nb"}, HI]


def test_a_cache_mark_reaches_only_who_knows_it() -> None:
    system = [text("a", **CACHED)]
    assert turns(HI, system=system, target=CLAUDE)[0]["content"] == system
    assert turns(user(text("a", **CACHED)), target=CLAUDE)[0]["content"] == system
    assert turns(user(text("a", **CACHED)))[0]["content"] == "a"
    assert chat(CLAUDE, tools=[WEATHER | CACHED])["tools"][0]["cache_control"]
    assert "cache_control" not in chat(tools=[WEATHER | CACHED])["tools"][0]


def test_texts_and_images_stay_in_order() -> None:
    url = {"type": "url", "url": "https://example.org/cat.png"}
    (found,) = turns(
        user(text("a"), {"type": "image", "source": PNG}, {"type": "image", "source": url})
    )
    by_url = {"type": "image_url", "image_url": {"url": url["url"]}}
    assert found == {"role": "user", "content": [text("a"), PNG_PART, by_url]}


def document(source: dict[str, Any], **fields: Any) -> Any:
    return turns(user({"type": "document", "source": source} | fields))[0]["content"]


def test_a_document_is_a_file_or_a_text() -> None:
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}
    data = "data:application/pdf;base64,AAAA"
    assert document(pdf, title="Q3.pdf") == [
        {"type": "file", "file": {"filename": "Q3.pdf", "file_data": data}}
    ]
    url = {"type": "url", "url": "https://example.org/a.pdf"}
    assert document(url)[0]["file"]["file_data"] == url["url"]
    plain = {"type": "text", "media_type": "text/plain", "data": "words"}
    assert document(plain, title="T", context="C") == "T\n\nC\n\nwords"
    assert document({"type": "content", "content": "words"}) == "words"
    blocks = [text("a"), {"type": "image", "source": PNG}]
    assert document({"type": "content", "content": blocks}) == [text("a"), PNG_PART]


def test_a_documents_address_is_never_fetched_by_the_portal() -> None:
    block = {"type": "document", "source": {"type": "url", "url": "http://127.0.0.1/a.pdf"}}
    (found,) = turns(user(block), target=CLAUDE)
    assert found["content"][0]["file"] == {"file_id": "http://127.0.0.1/a.pdf"}


def test_a_search_result_is_text() -> None:
    block = {"type": "search_result", "source": "s", "title": "t", "content": [text("found")]}
    assert turns(user(block))[0]["content"] == "t\n\ns\n\nfound"


def test_calls_and_their_results_keep_together() -> None:
    found = turns(
        HI, assistant(text("Let "), text("me."), CALL), user(text("So?"), result(content="sun"))
    )
    function = {"name": "weather", "arguments": '{"city":"Köln"}'}
    assert found[1:] == [
        {
            "role": "assistant",
            "content": "Let me.",
            "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "sun"},
        {"role": "user", "content": "So?"},
    ]


def test_a_message_of_calls_alone_has_no_content() -> None:
    assert turns(assistant(CALL))[0]["content"] is None


@pytest.mark.parametrize(
    ("fields", "content"),
    [
        ({}, ""),
        ({"content": []}, ""),
        ({"content": "no", "is_error": True}, "Error: no"),
        ({"is_error": True}, "Error:"),
        ({"content": [text("a"), text("b")]}, "a\nb"),
    ],
)
def test_the_result_of_a_tool_is_text(fields: dict[str, Any], content: str) -> None:
    assert turns(user(result(**fields))) == [
        {"role": "tool", "tool_call_id": "call_1", "content": content}
    ]


def test_an_image_in_a_result_comes_from_the_user_unless_the_model_takes_it_there() -> None:
    question = user(result(content=[text("a"), {"type": "image", "source": PNG}]))
    assert turns(question) == [
        {"role": "tool", "tool_call_id": "call_1", "content": "a"},
        {"role": "user", "content": [PNG_PART]},
    ]
    assert turns(question, target=CLAUDE) == [
        {"role": "tool", "tool_call_id": "call_1", "content": [text("a"), PNG_PART]}
    ]


def test_thinking_goes_back_only_where_it_fits() -> None:
    own = {"type": "thinking", "thinking": "hm", "signature": "aiportal.reasoning.acme/fast"}
    signed = {"type": "thinking", "thinking": "hm", "signature": "c2lnbmVk"}
    redacted = {"type": "redacted_thinking", "data": "xyz"}
    question = assistant(own, signed, redacted, text("a"))
    plain = {"role": "assistant", "content": "a"}
    assert turns(question) == [plain | {"reasoning": "hm"}]
    assert turns(question, model="acme/slow") == [plain]
    assert turns(question, target=CLAUDE) == [plain | {"thinking_blocks": [signed, redacted]}]


def test_a_system_message_in_the_middle_stays_there() -> None:
    found = turns(HI, {"role": "system", "content": [text("Be brief.")]}, HI)
    assert found == [HI, {"role": "system", "content": "Be brief."}, HI]


def test_tools_are_functions() -> None:
    found = chat(tools=[WEATHER | {"strict": True, "type": "custom"}])["tools"]
    function = {"name": "weather", "description": "of a city", "strict": True}
    assert found == [
        {"type": "function", "function": function | {"parameters": {"type": "object"}}}
    ]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "none"}, {"tool_choice": "none"}),
        (
            {"type": "any", "disable_parallel_tool_use": True},
            {"tool_choice": "required", "parallel_tool_calls": False},
        ),
        (
            {"type": "tool", "name": "weather", "disable_parallel_tool_use": False},
            {"tool_choice": {"type": "function", "function": {"name": "weather"}}},
        ),
    ],
)
def test_which_tool_to_use(choice: dict[str, Any], expected: dict[str, Any]) -> None:
    found = chat(tools=[WEATHER], tool_choice=choice)
    del found["tools"]
    assert found == chat() | expected


def test_a_choice_without_tools_is_nothing_to_say() -> None:
    assert chat(tool_choice={"type": "auto"}) == chat()


@pytest.mark.parametrize(
    ("budget", "effort"), [(1024, "low"), (2048, "medium"), (4096, "high"), (32_000, "high")]
)
def test_a_budget_for_thinking_is_an_effort_of_models_that_reason(budget: int, effort: str) -> None:
    thinking = {"type": "enabled", "budget_tokens": budget}
    found = chat(REASONING, thinking=thinking)
    assert (found["reasoning_effort"], found["max_completion_tokens"]) == (effort, 9)
    assert "max_tokens" not in found
    assert chat(thinking=thinking) == chat()
    assert chat(CLAUDE, thinking=thinking) == chat() | {"thinking": thinking}


def test_an_effort_that_is_named_counts() -> None:
    adaptive = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}
    assert chat(REASONING, **adaptive)["reasoning_effort"] == "high"
    assert "reasoning_effort" not in chat(REASONING, thinking={"type": "adaptive"})
    assert chat(CLAUDE, **adaptive)["reasoning_effort"] == "max"


@pytest.mark.parametrize(("required", "is_strict"), [(["a"], True), ([], False)])
def test_an_answer_can_be_held_to_a_schema(required: list[str], is_strict: bool) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": required,
        "additionalProperties": False,
    }
    found = chat(output_config={"format": {"type": "json_schema", "schema": schema}})
    expected = {"name": "output", "schema": schema, "strict": is_strict}
    assert found["response_format"] == {"type": "json_schema", "json_schema": expected}


BROKEN: list[tuple[dict[str, Any], str | None]] = [
    ({"max_tokens": None}, "max_tokens"),
    ({"max_tokens": -1}, "max_tokens"),
    ({"max_tokens": "9"}, "max_tokens"),
    ({"model": "a b"}, "model"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "boss", "content": "x"}]}, "messages.0.role"),
    ({"messages": [{"role": "user"}]}, "messages.0.content"),
    ({"messages": [HI, {"role": "user", "content": 7}]}, "messages.1.content"),
    ({"messages": [user({"type": "hologram"})]}, "messages.0.content.0"),
    ({"messages": [user({"text": "x"})]}, "messages.0.content.0"),
    ({"messages": [user(text("x"), {"type": "text"})]}, "messages.0.content.1.text"),
    ({"messages": [user({"type": "image", "source": 1})]}, "messages.0.content.0.source"),
    (
        {"messages": [user({"type": "image", "source": {"type": "file", "file_id": "f"}})]},
        "messages.0.content.0.source",
    ),
    (
        {"messages": [user({"type": "image", "source": {"type": "base64", "data": "A"}})]},
        "messages.0.content.0.source.media_type",
    ),
    ({"messages": [user(text("x"), CALL)]}, "messages.0.content.1"),
    ({"messages": [assistant(result())]}, "messages.0.content.0"),
    ({"messages": [assistant(CALL | {"input": "x"})]}, "messages.0.content.0.input"),
    ({"messages": [user(result(content=[CALL]))]}, "messages.0.content.0.content.0"),
    ({"messages": [{"role": "system", "content": [CALL]}]}, "messages.0.content.0"),
    ({"system": 1}, "system"),
    ({"system": [{"type": "image", "source": PNG}]}, "system.0.type"),
    ({"temperature": 2.1}, "temperature"),
    ({"temperature": "hot"}, "temperature"),
    ({"top_p": 2}, "top_p"),
    ({"stop_sequences": "END"}, "stop_sequences"),
    ({"stream": "yes"}, "stream"),
    ({"tools": [{"name": "x"}]}, "tools.0.input_schema"),
    ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools.0.type"),
    ({"tools": [WEATHER], "tool_choice": {"type": "tool"}}, "tool_choice.name"),
    ({"tool_choice": {"type": "some"}}, "tool_choice.type"),
    ({"thinking": {"type": "loud"}}, "thinking.type"),
    ({"thread": {"type": "create"}}, "thread"),
    ({"mcp_servers": [{"type": "url"}]}, "mcp_servers"),
    ({"container": {"skills": []}}, "container"),
]


@pytest.mark.parametrize(("fields", "param"), BROKEN)
def test_a_broken_request_is_refused_by_the_name_of_its_field(
    fields: dict[str, Any], param: str | None
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        chat(**fields)
    assert refused.value.param == param


@pytest.mark.parametrize("body", [None, [], "text", 1])
def test_what_is_no_object_is_refused(body: object) -> None:
    for parse in (parse_messages, parse_count):
        with pytest.raises(InvalidRequest):
            parse(body)


def test_the_portals_bounds_hold() -> None:
    body = parse_messages(message(messages=[HI] * 3))
    with pytest.raises(InvalidRequest, match="at most 2") as refused:
        chat_request(body, PLAIN, ChatLimits(max_messages=2))
    assert refused.value.param == "messages"
    body = parse_messages(message(messages=[user(text("x" * 11))], system="s"))
    with pytest.raises(InvalidRequest, match="longer than 10") as refused:
        chat_request(body, PLAIN, ChatLimits(max_content_chars=10))
    assert refused.value.param == "messages"


@pytest.mark.parametrize("depth", [199, 201])
def test_what_is_nested_too_deep_to_write_is_refused(depth: int) -> None:
    deep: Any = 1
    for _ in range(depth):
        deep = {"a": deep}
    question: dict[str, Any] = {"messages": [assistant(CALL | {"input": deep})]}
    if depth < 200:
        assert orjson.dumps(chat(**question))
        return
    with pytest.raises(InvalidRequest, match="too deep") as refused:
        chat(**question)
    assert refused.value.param == "messages.0.content.0.input"


def test_a_count_needs_no_bound_of_the_answer() -> None:
    body = {"model": "acme/fast", "messages": [HI], "system": "s"}
    assert "max_tokens" not in chat_request(parse_count(body), PLAIN, ChatLimits()).body


@pytest.mark.parametrize(
    ("dialects", "target"),
    [
        (["openai"], PLAIN),
        (["local"], PLAIN),
        ([], PLAIN),
        (["anthropic"], Target(is_anthropic=True)),
        (["anthropic", "openai"], PLAIN),
    ],
)
def test_a_target_knows_what_all_of_its_deployments_know(
    dialects: list[str], target: Target
) -> None:
    assert Target.of(dialects, ["chat"]) == target


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KINDS = ("text", "image", "document", "search_result", "thinking", "tool_use", "tool_result")
FIELDS = {
    **dict.fromkeys(
        ("text", "thinking", "title", "id", "name", "tool_use_id"), st.text(max_size=5)
    ),
    "source": st.sampled_from(
        [PNG, {"type": "url", "url": "u"}, {"type": "text", "data": "d"}, "s"]
    ),
    "content": st.text(max_size=5) | st.just([text("x")]) | ANY_JSON,
    "input": ANY_JSON,
}
BLOCK = st.fixed_dictionaries({"type": st.sampled_from(KINDS), **FIELDS}) | ANY_JSON
MESSAGE = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant", "system"]),
        "content": st.text(max_size=5) | st.lists(BLOCK, max_size=3) | ANY_JSON,
    }
)
BODY = st.fixed_dictionaries(
    {"model": st.just("acme/fast"), "messages": st.lists(MESSAGE, max_size=2) | ANY_JSON},
    optional={
        name: ANY_JSON | st.fixed_dictionaries({"type": st.sampled_from(["auto", "enabled"])})
        for name in ("system", "tools", "tool_choice", "thinking", "output_config", "metadata")
    },
)


@given(BODY, st.sampled_from([PLAIN, REASONING, CLAUDE]))
def test_whatever_comes_is_translated_or_refused(body: Any, target: Target) -> None:
    with suppress(InvalidRequest):
        assert orjson.dumps(chat_request(parse_count(body), target, ChatLimits()).body)
