"""The core's errors as toasts of the web app."""

import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

import gradio as gr

from aiportal.errors import PortalError

__all__ = ["told"]

P = ParamSpec("P")
T = TypeVar("T")


def told(handler: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """An event handler whose PortalErrors the user is told in their own words."""

    @functools.wraps(handler)
    async def telling(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await handler(*args, **kwargs)
        except PortalError as error:
            raise gr.Error(error.message, print_exception=False) from error

    return telling
