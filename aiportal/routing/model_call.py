"""One call as the router is asked for it: by whom, of which models, with what."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiportal.dialects.operations import ModelRequest
from aiportal.registry import Deployment, Model
from aiportal.usage import Entry

__all__ = ["ModelCall"]


@dataclass(frozen=True, slots=True)
class ModelCall:
    """model: the one that was asked for. fallbacks: those that may stand in, as this caller may use
    them, found only when one is needed. body: what to send to a deployment of one of them."""

    entry: Entry
    request: ModelRequest
    model: Model
    fallbacks: Callable[[], Iterable[Model]]
    body: Callable[[Model, Deployment], Mapping[str, Any]]

    def prompt_chars(self) -> int:
        """Characters that go in, for estimates."""
        return self.request.prompt_chars() + len(self.model.system_prompt)
