import pytest

from aiportal.errors import InvalidRequest
from aiportal.notebook.prompt import chat_body

MESSAGES = [{"role": "user", "content": "One?"}, {"role": "assistant", "content": "Two."}]


def test_a_text_becomes_one_question() -> None:
    body = chat_body("Capital?", model="acme/fast", system="Be brief.", parameters={})
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Capital?"},
    ]
    assert (body["model"], body["stream"]) == ("acme/fast", True)


def test_messages_stay_as_they_are() -> None:
    body = chat_body(MESSAGES, model="acme/fast", system=None, parameters={})
    assert body["messages"] == MESSAGES


def test_zero_is_a_value_and_none_is_not() -> None:
    parameters = {"temperature": 0, "max_tokens": None, "seed": 7}
    body = chat_body("Capital?", model="acme/fast", system=None, parameters=parameters)
    assert body["temperature"] == 0
    assert body["seed"] == 7
    assert "max_tokens" not in body


@pytest.mark.parametrize("prompt", ["", []])
def test_nothing_to_ask_is_refused(prompt: str | list[dict[str, str]]) -> None:
    with pytest.raises(InvalidRequest, match="nothing to ask"):
        chat_body(prompt, model="acme/fast", system=None, parameters={})
