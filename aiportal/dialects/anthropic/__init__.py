"""Anthropic's Messages as callers send it, translated to Chat Completions and back.

`schema` is the request as it comes; `request`, `turns` and `parts` make a chat body of it; `answer`
and `stream` translate what comes back; `errors` has the words for what fails; `exchange` puts them
together.
"""

from aiportal.dialects.anthropic.errors import as_anthropic
from aiportal.dialects.anthropic.exchange import MessagesExchange
from aiportal.dialects.anthropic.request import Target, chat_request
from aiportal.dialects.anthropic.schema import CountBody, MessagesBody, parse_count, parse_messages

__all__ = [
    "CountBody",
    "MessagesBody",
    "MessagesExchange",
    "Target",
    "as_anthropic",
    "chat_request",
    "parse_count",
    "parse_messages",
]
