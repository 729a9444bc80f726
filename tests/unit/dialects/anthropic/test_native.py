"""What is read of a message that passes through."""

from typing import Any

import pytest

from aiportal.dialects.anthropic import CallersHeaders, NativeRequest, model_of
from aiportal.dialects.openai_chat import ChatLimits
from aiportal.errors import InvalidRequest

FILE = {"type": "base64", "media_type": "application/pdf", "data": "A" * 100}


def parsed(content: Any, **fields: Any) -> NativeRequest:
    body = {
        "model": "a/b",
        "max_tokens": 1,
        "messages": [{"role": "user", "content": content}],
        **fields,
    }
    return NativeRequest.parse(body, CallersHeaders(), ChatLimits())


@pytest.mark.parametrize(
    ("content", "chars"),
    [
        ("12345", 5),
        ([{"type": "text", "text": "12345"}], 5),
        ([{"type": "tool_result", "content": "12345"}], 5),
        ([{"type": "tool_result", "content": [{"type": "text", "text": "12345"}]}], 5),
        ([{"type": "thinking", "thinking": "12345", "signature": "c2ln"}], 5),
        ([{"type": "document", "source": {"type": "text", "data": "12345"}}], 5),
        ([{"type": "document", "source": {"type": "content", "content": "12345"}}], 5),
        ([{"type": "document", "source": FILE}], 0),
        ([{"type": "tool_use", "input": {"text": "12345"}}], 0),
        ([7, None, "x", []], 0),
        (None, 0),
    ],
)
def test_texts_are_counted_wherever_they_are(content: Any, chars: int) -> None:
    assert parsed(content).prompt_chars() == chars
    assert parsed(content, system=[{"text": "123"}]).prompt_chars() == chars + 3


def test_files_are_counted_and_texts_that_are_documents_are_not() -> None:
    image = {"type": "image", "source": FILE}
    request = parsed(
        [
            image,
            {"type": "tool_result", "content": [image]},
            {"type": "document", "source": FILE},
            {"type": "document", "source": {"type": "text", "data": "a"}},
        ]
    )
    assert request.attachments() == 3


def test_a_body_is_the_callers_own_object_where_nothing_is_left_out() -> None:
    body = {"model": "a/b", "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}
    assert NativeRequest.parse(body, CallersHeaders(), ChatLimits()).body is body


@pytest.mark.parametrize("body", [None, [], {}, {"model": 7}, {"model": ""}, {"model": "a" * 101}])
def test_a_body_that_names_no_model_is_refused(body: Any) -> None:
    with pytest.raises(InvalidRequest):
        model_of(body)


@pytest.mark.parametrize("address", ["http://a", "HTTPS://a", "file:///etc", "ftp://a", ""])
def test_no_address_but_of_https_goes_on(address: str) -> None:
    with pytest.raises(InvalidRequest):
        parsed([{"type": "image", "source": {"type": "url", "url": address}}])
