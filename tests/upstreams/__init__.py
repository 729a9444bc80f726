"""A fake provider over real sockets, for every test that needs an upstream.

    def test_something(upstream):                      # fixture: a running Upstream
        upstream.answer("fast", text("Hi", usage=None))   # what the model `fast` says from now on
        upstream.answer("fast", error(429), text("Hi"))   # first a 429, then the text for good
        ...                                            # call the portal for the model `acme/fast`
        request = upstream.last()                      # what arrived: headers, json, raw body
        request.closed.wait(1)                         # the portal hung up within 1 s
        await request.closed.arrival(1)                # the same in a task

A model without a script answers in OpenAI's dialect on every route, chats streamed or not, with usage
where asked.
Streams are held and released with gates, never with sleeps:

    second = Gate()
    upstream.answer("fast", stream(chunk("one"), second, chunk("two", finish="stop"), DONE))
    ...                                                # the first chunk is there
    second.open()
"""

from tests.upstreams.answers import (
    DONE,
    Answer,
    Close,
    Hang,
    Head,
    Reset,
    Step,
    chunk,
    error,
    event,
    hang,
    page,
    plain,
    reset,
    stream,
    text,
    usage_chunk,
)
from tests.upstreams.config import write_model_config
from tests.upstreams.gate import Gate
from tests.upstreams.operations import (
    PIXEL,
    VECTOR,
    embeddings,
    images,
    moderations,
    ranking,
)
from tests.upstreams.received import Received
from tests.upstreams.searching import SearchSite
from tests.upstreams.server import Upstream
from tests.upstreams.site import PUBLIC, Names, Site, html, redirect

__all__ = [
    "DONE",
    "PIXEL",
    "PUBLIC",
    "VECTOR",
    "Answer",
    "Close",
    "Gate",
    "Hang",
    "Head",
    "Names",
    "Received",
    "Reset",
    "SearchSite",
    "Site",
    "Step",
    "Upstream",
    "chunk",
    "embeddings",
    "error",
    "event",
    "hang",
    "html",
    "images",
    "moderations",
    "page",
    "plain",
    "ranking",
    "redirect",
    "reset",
    "stream",
    "text",
    "usage_chunk",
    "write_model_config",
]
