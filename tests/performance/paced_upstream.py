"""A provider that writes at the pace of a real model.

`python -m tests.performance.paced_upstream serve --port N` streams 600 tokens at 95 a second, as
Markdown with a list and code in it, in OpenAI's dialect; few to a question with `BRIEFLY` in it.
"""

import asyncio
from itertools import cycle, islice

import click
import uvloop
from aiohttp import web

from tests.upstreams import DONE, chunk, usage_chunk

__all__ = ["BRIEFLY", "PER_SECOND", "TOKENS"]

TOKENS, FEW_TOKENS = 600, 20
BRIEFLY = "in short"
PER_SECOND = 95.0
TEXT = (
    "A **heat pump** moves warmth from where there is little of it to where there is more. "
    "- It takes some from the air outside, \n- it squeezes a gas, which gets hot, \n"
    "- and it gives the warmth to the `water` of the house. \n\n"
    "```python\ndef warmth(power, factor): \n    return power * factor \n```\n\n"
)


async def answer(request: web.Request) -> web.StreamResponse:
    """One answer, whatever is asked."""
    tokens = FEW_TOKENS if BRIEFLY in await request.text() else TOKENS
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, word in enumerate(islice(cycle(TEXT.split(" ")), tokens)):
        await asyncio.sleep(began + number / PER_SECOND - loop.time())
        await response.write(chunk(f"{word} "))
    usage = {"prompt_tokens": 20, "completion_tokens": tokens, "total_tokens": tokens + 20}
    for piece in (chunk(finish="stop"), usage_chunk(usage), DONE):
        await response.write(piece)
    return response


@click.group()
def main() -> None:
    """The command line that the servers of the bench share."""


@main.command()
@click.option("--port", type=int, required=True)
def serve(port: int) -> None:
    """Serve until killed."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    web.run_app(
        app,
        host="127.0.0.1",
        port=port,
        print=None,
        access_log=None,
        loop=uvloop.new_event_loop(),
    )


if __name__ == "__main__":
    main()
