"""Anthropic's Messages as callers send it, translated to Chat Completions and back, or passed through.

`schema` is the request as it comes; `request`, `turns` and `parts` make a chat body of it; `answer`
and `stream` translate what comes back; `errors` has the words for what fails; `native` is the request
for a provider that speaks the dialect itself, with the `headers` that go with it; `exchange` puts them
together.
"""

from aiportal.dialects.anthropic.errors import as_anthropic
from aiportal.dialects.anthropic.exchange import MessagesExchange, NativeExchange
from aiportal.dialects.anthropic.headers import CallersHeaders
from aiportal.dialects.anthropic.native import NativeRequest, model_of
from aiportal.dialects.anthropic.request import Target, chat_request
from aiportal.dialects.anthropic.schema import CountBody, MessagesBody, parse_count, parse_messages

__all__ = [
    "CallersHeaders",
    "CountBody",
    "MessagesBody",
    "MessagesExchange",
    "NativeExchange",
    "NativeRequest",
    "Target",
    "as_anthropic",
    "chat_request",
    "model_of",
    "parse_count",
    "parse_messages",
]
