"""OpenAI's Responses over Chat Completions: the request one way, the answer or its events back."""

from aiportal.dialects.responses.answer import Answer, item_id
from aiportal.dialects.responses.body import ResponsesBody
from aiportal.dialects.responses.chat_body import chat_request
from aiportal.dialects.responses.items import InputMessage, Item, ItemReference, read_items

__all__ = [
    "Answer",
    "InputMessage",
    "Item",
    "ItemReference",
    "ResponsesBody",
    "chat_request",
    "item_id",
    "read_items",
]
