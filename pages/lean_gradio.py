"""Keeps Gradio from work with each event that serves nobody here.

A session's copy of the whole page is for deep links only, and holds all of the chat that is shown; to
make it takes ten milliseconds of a new session, and two of each update of a component. An output that a
handler does not name has its component made anew nevertheless. Gradio can be told to do neither without.
"""

from copy import copy
from typing import Any

import gradio as gr
import gradio.blocks
import gradio.state_holder
from gradio.block_function import BlockFunction
from gradio.blocks import Blocks
from gradio.state_holder import SessionState

__all__ = ["LeanBlocks", "install"]


class LeanBlocks(Blocks):
    """Blocks of which an event touches only the outputs that its handler returns."""

    async def postprocess_data(
        self,
        block_fn: BlockFunction,
        predictions: list[Any] | dict[Any, Any],
        state: SessionState | None,
    ) -> list[Any]:
        """What the page is sent for each output of a function. predictions: what it returned."""
        outputs = block_fn.outputs
        if not isinstance(predictions, dict) or not predictions.keys() <= set(outputs):
            return await super().postprocess_data(block_fn, predictions, state)
        named = [output for output in outputs if output in predictions]
        if not named:
            return [gr.skip() for _ in outputs]
        part = copy(block_fn)
        part.outputs = named
        values = [predictions[output] for output in named]
        sent = await super().postprocess_data(part, values if len(values) > 1 else values[0], state)
        by_output = dict(zip(named, sent, strict=True))
        return [by_output[output] if output in by_output else gr.skip() for output in outputs]


class _LeanSessionState(SessionState):
    def __init__(self, blocks: Blocks) -> None:
        self.blocks_config = copy(blocks.default_config)
        self.config_values: dict[int, dict[str, Any]] = {}
        self.state_data: dict[int, Any] = {}
        self._state_ttl = {}
        self.is_closed = False

    def __setitem__(self, key: int, value: Any) -> None:
        block = self.blocks_config.blocks.get(key)
        if block is not None and block.stateful:
            raise TypeError("The portal keeps nothing in Gradio's State: it belongs to no user.")
        self.blocks_config.blocks[key] = value

    def _update_config(self, key: int) -> None:
        """Nothing is kept."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Nothing is kept."""


def install() -> None:
    """Have sessions made without the copy. To be called before the first one begins."""
    for module in (gradio.state_holder, gradio.blocks):
        vars(module)["SessionState"] = _LeanSessionState
