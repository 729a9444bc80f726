"""What goes wrong in an event of the web app, as a toast."""

import functools
import html
import logging
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec

import gradio as gr

from aiportal.errors import PortalError
from pages.reader import worded

__all__ = ["inform", "told", "warn"]

P = ParamSpec("P")
_log = logging.getLogger(__name__)


def inform(text: str) -> None:
    """A toast. Gradio would take the text for HTML, and it may hold what the caller sent."""
    gr.Info(html.escape(text))


def warn(text: str) -> None:
    """A toast for what did not work; see `inform`."""
    gr.Warning(html.escape(text))


def told(handler: Callable[P, Awaitable[Any]]) -> Callable[P, Awaitable[Any]]:
    """An event handler that ends well: a PortalError is told in its own words, a bug is logged.

    Nothing on the page changes then. Raising it would have Gradio write "Error" over the page.
    """

    @functools.wraps(handler)
    async def telling(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return await handler(*args, **kwargs)
        except PortalError as error:
            warn(error.message)
        except Exception:
            _log.exception("an event of the web app failed")
            warn(worded("That did not work, by a fault of the portal. Its log says more."))
        return gr.skip()

    return telling
