"""LiteLLM itself: imported at the first need, off the event loop, and the border for its errors.

It takes 190 MB and seconds to import.
"""

import asyncio
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from aiportal.errors import PortalError, UpstreamError, UpstreamRejected
from aiportal.registry import Confidential
from aiportal.routing.upstreams.failures import failure_from
from aiportal.settings import keep_litellm_offline

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["NO_KEY", "LiteLlmLibrary", "foreign_errors", "import_litellm"]

NO_KEY = "none"
"""Given to LiteLLM in place of a key for a deployment that needs none: without any it would take one
from the environment, which may be another provider's or another deployment's."""

MAX_WORDS = 500
KNOWN_CAPABILITIES = 4096  # of a model each
_PREFIX = re.compile(r"^(?:litellm\.\w+: )+(?:\w+(?:Exception|Error) - )?")
# LiteLLM appends the whole conversation to some of its errors.
_ECHO = re.compile(r"\s*Received (?:Messages|Chunk|chunk)=.*", re.DOTALL)


class LiteLlmLibrary:
    """The module, once for all who ask. `load` is quick after the first time."""

    def __init__(self) -> None:
        self._importing = asyncio.Lock()
        self._module: ModuleType | None = None

    async def load(self) -> Any:
        async with self._importing:
            if self._module is None:
                self._module = await asyncio.to_thread(import_litellm)
        return self._module


def import_litellm() -> "ModuleType":
    """LiteLLM, told to keep to itself: no downloads, no telemetry, no log. Takes seconds."""
    keep_litellm_offline()
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.disable_hf_tokenizer_download = True
    # Its warnings quote requests; what goes wrong comes as an error anyway.
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)
    _remember_capabilities()
    return litellm


def _remember_capabilities() -> None:
    """Keep what LiteLLM finds of a model: it searches its list anew, at length, several times a call,
    which is a third of a translation, and the list does not change while the portal runs."""
    from litellm import AnthropicConfig, utils
    from litellm.llms.anthropic.common_utils import AnthropicModelInfo

    if not hasattr(utils.supports_factory, "cache_info"):
        remembered = lru_cache(maxsize=KNOWN_CAPABILITIES)
        utils.supports_factory = remembered(utils.supports_factory)
        AnthropicModelInfo._get_model_capability = staticmethod(  # type: ignore[method-assign] # noqa: SLF001
            remembered(AnthropicModelInfo._get_model_capability)  # noqa: SLF001
        )
        config: Any = AnthropicConfig
        kept: Any = remembered(config.get_config.__func__)
        config.get_config = classmethod(kept)


@contextmanager
def foreign_errors(confidential: Confidential, *, status: int = 502) -> Iterator[None]:
    """Inside, whatever LiteLLM raises becomes an UpstreamError; errors of ours pass.

    status: for an error that carries none; 400 while a request is translated, for all that goes wrong.
    """
    try:
        yield
    except PortalError:
        raise
    except Exception as error:
        raise _translated(error, confidential, status) from error


def _translated(error: Exception, confidential: Confidential, status: int) -> UpstreamError:
    """LiteLLM's errors derive from openai's and carry a status; its translators raise anything."""
    words = _ECHO.sub("", _PREFIX.sub("", str(getattr(error, "message", error))))
    if status == 400:  # a request on its way out: nobody has been asked
        words = confidential.strike(words)
        return UpstreamRejected(
            "This request cannot be put into the dialect of the model's provider "
            f"({words[:MAX_WORDS]}). Check its messages, tools "
            "and parameters, or use another model."
        )
    own_status = getattr(error, "status_code", None)
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", None) or {}
    body = words.encode()
    if not body.startswith(b"{"):  # else it is the provider's own error object
        body = orjson.dumps({"error": {"message": words}})
    return failure_from(
        own_status if isinstance(own_status, int) else status,
        body,
        headers,
        confidential=confidential,
    )
