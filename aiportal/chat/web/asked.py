"""How a question of a conversation is searched for."""

from collections.abc import Sequence
from dataclasses import replace

from aiportal.chat.attached import CHARS_PER_TOKEN
from aiportal.chat.messages import Message
from aiportal.chat.web.frame import source_chars
from aiportal.chat.web.query import query_of
from aiportal.dialects.web_search import WebSearchWish
from aiportal.registry import Model

__all__ = ["is_searched", "searched_for", "window_beside"]


def is_searched(model: Model, wish: WebSearchWish | None) -> bool:
    """Whether the web is searched: as is wished, else as a custom model has it."""
    return model.web_search if wish is None else wish.is_wanted


def searched_for(branch: Sequence[Message], wish: WebSearchWish | None) -> WebSearchWish | None:
    """The wish with its query from the words of the questions alone, without the files that a model is
    sent with them."""
    if wish is None or not wish.is_wanted:
        return wish
    return replace(wish, query=query_of([one.content for one in branch if one.role == "user"]))


def window_beside(context_window: int | None, *, is_searched: bool) -> int | None:
    """The tokens of a model's window that sources leave to the conversation."""
    if context_window is None or not is_searched:
        return context_window
    return context_window - source_chars(context_window) // CHARS_PER_TOKEN
