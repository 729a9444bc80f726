"""Settings of a chat: only what is set is stored, and what has no field stays."""

from aiportal.chat import Conversation
from pages.chat_settings import ChatSettings

STORED = Conversation(
    id="conv_1",
    title="x",
    model=None,
    system_prompt="Be brief.",
    parameters={"temperature": 0, "seed": 7},
    created_at="",
    updated_at="",
)


def test_settings_of_a_conversation_come_back() -> None:
    assert ChatSettings.of(STORED) == ChatSettings("Be brief.", temperature=0)


def test_zero_is_a_value_and_none_is_left_out() -> None:
    settings = ChatSettings(temperature=0, top_p=None, max_tokens=5)

    assert settings.parameters({}) == {"temperature": 0, "max_tokens": 5}


def test_parameters_without_a_field_are_kept() -> None:
    assert ChatSettings(top_p=0.5).parameters(STORED.parameters) == {"seed": 7, "top_p": 0.5}
