"""The package `instructor`, which makes objects of tool calls."""

from typing import Any

import instructor
import openai
from pydantic import BaseModel

from tests.clients.checks import BASE, CALLER, KEY, NONE, REFUSING, equal, raised, run

__all__: list[str] = []

client = instructor.from_openai(openai.OpenAI(base_url=BASE, api_key=KEY, max_retries=0))


class Place(BaseModel):
    """Where it is."""

    city: str


def ask(model: str) -> Any:
    messages = [{"role": "user", "content": "Hi"}]
    return client.chat.completions.create(
        model=model, response_model=Place, messages=messages, max_retries=0
    )


def plain() -> None:
    equal(ask(CALLER).city, "Paris")


def streamed() -> None:
    messages = [{"role": "user", "content": "Hi"}]
    pieces = client.chat.completions.create_partial(
        model=CALLER, response_model=Place, messages=messages, max_retries=0
    )
    equal(list(pieces)[-1].city, "Paris")


def unknown_model_is_404() -> None:
    equal("404" in str(raised(lambda: ask(NONE), Exception)), True)


def refused_request_is_400() -> None:
    equal("bad_heat" in str(raised(lambda: ask(REFUSING), Exception)), True)


run(plain, streamed, unknown_model_is_404, refused_request_is_400)
