"""Keeps Gradio from work with each event that serves nobody here.

A session's copy of the whole page is for deep links only, and holds all of the chat that is shown; to
make it takes ten milliseconds of a new session, and two of each update of a component. An output that a
handler does not name has its component made anew nevertheless. Gradio can be told to do neither without.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import nullcontext
from copy import copy
from typing import Any, Final

import gradio as gr
import gradio.blocks
import gradio.queueing
import gradio.state_holder
import gradio.utils
from gradio.block_function import BlockFunction
from gradio.blocks import Block, Blocks
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Queue
from gradio.state_holder import SessionState

__all__ = ["LeanBlocks", "install"]

LOOK_EVERY_S: Final = 0.02
LOOK_SOON_S: Final = 0.003
IN_USE_S: Final = 30.0  # after an event
PROGRESS_EVERY_S: Final = 60.0  # no handler reports any
SESSION_KEPT_S: Final = 30.0  # after its last event
PLAIN: Final = (gr.HTML, gr.Textbox)
PLAIN_PROPERTIES: Final = frozenset({"__type__", "value", "visible", "submit_btn", "stop_btn"})


class LeanBlocks(Blocks):
    """Blocks of which an event touches only the outputs that its handler returns.

    What goes in and out of a text or of HTML is passed on as it is: Gradio would look for files in it,
    and have a thread do what takes a microsecond, one value after the other.
    """

    def has_events(self, session_hash: str) -> bool:
        """Whether a page has events of which it has not been told the end."""
        return bool(self._queue.pending_event_ids_session.get(session_hash))

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,
    ) -> list[Any]:
        """What a function is given for what the page has sent for each of its inputs.

        Raises gradio.Error for what no component here sends: Gradio would fetch a file that it names,
        from wherever it says.
        """
        self.validate_inputs(block_fn, inputs)
        others = [block for block in block_fn.inputs if not isinstance(block, PLAIN)]
        values = [
            value
            for block, value in zip(block_fn.inputs, inputs, strict=True)
            if not isinstance(block, PLAIN)
        ]
        if any(isinstance(value, dict | list) for value in values):
            raise gr.Error("That is no value for this field.", print_exception=False)
        made: Iterator[Any] = iter(())
        if others:
            part = copy(block_fn)
            part.inputs = others
            made = iter(await super().preprocess_data(part, values, state, explicit_call))
        return [
            block.preprocess(value) if isinstance(block, PLAIN) else next(made)
            for block, value in zip(block_fn.inputs, inputs, strict=True)
        ]

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
        sent = {
            block: value for block, value in predictions.items() if _is_plain_update(block, value)
        }
        others = [block for block in outputs if block in predictions and block not in sent]
        if others:
            part = copy(block_fn)
            part.outputs = others
            values = [predictions[block] for block in others]
            given = values if len(values) > 1 else values[0]
            made = await super().postprocess_data(part, given, state)
            sent |= zip(others, made, strict=True)
        return [sent.get(block, gr.skip()) for block in outputs]


def _is_plain(block: Block, value: Any) -> bool:
    return isinstance(block, PLAIN) and (value is None or isinstance(value, str))


def _is_plain_update(block: Block, value: Any) -> bool:
    """Whether the page is sent what a handler returns as it is: a text, HTML's values, or a change of
    properties."""
    if isinstance(value, gr.Component):
        return False
    if not isinstance(value, dict):
        return _is_plain(block, value)
    if "__type__" not in value:
        return isinstance(block, gr.HTML)
    return value.keys() <= PLAIN_PROPERTIES and _is_plain_update(block, value.get("value"))


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


class _LeanQueue(Queue):
    """Looks for events less often than Gradio's, which takes 4 % of a processor for that, all day, and
    2 % for progress: often only for a while after an event.

    Keeps nothing of a session whose events have all been delivered. Gradio keeps a queue of each of the
    last 2,000 and a set of each that there ever was; both are made again when they are missing.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.progress_update_sleep_when_free = PROGRESS_EVERY_S
        self._last_event_at = -math.inf
        self._sessions: OrderedDict[str, float] = OrderedDict()

    @property
    def sleep_when_free(self) -> float:
        """Seconds between two looks."""
        is_in_use = time.monotonic() - self._last_event_at < IN_USE_S
        return LOOK_SOON_S if is_in_use else LOOK_EVERY_S

    @sleep_when_free.setter
    def sleep_when_free(self, value: float) -> None:
        """Gradio sets its own when it makes the queue; that is not taken."""

    async def push(self, body: PredictBodyInternal, *args: Any, **options: Any) -> Any:
        """Take an event; what it answers is Gradio's."""
        now = self._last_event_at = time.monotonic()
        answer = await super().push(body, *args, **options)
        if body.session_hash in self.pending_event_ids_session:
            self._sessions[body.session_hash] = now
            self._sessions.move_to_end(body.session_hash)
        self._forget_sessions(now)
        return answer

    def _forget_sessions(self, now: float) -> None:
        while self._sessions:
            session, used_at = next(iter(self._sessions.items()))
            if used_at + SESSION_KEPT_S >= now:
                return
            is_connected = session in self.pending_messages_per_session
            if is_connected and self.pending_event_ids_session.get(session):
                self._sessions[session] = now  # an event goes on, or has not been delivered
                self._sessions.move_to_end(session)
                continue
            del self._sessions[session]
            self.pending_messages_per_session.pop(session, None)
            self.pending_event_ids_session.pop(session, None)


def install() -> None:
    """Have sessions made without the copy, and events looked for in our intervals. To be called before
    the first page is built.

    Nor does any event draw with Matplotlib, which Gradio imports at the first one, half a second on the
    event loop, and sets up at each.
    """
    for module in (gradio.state_holder, gradio.blocks):
        vars(module)["SessionState"] = _LeanSessionState
    vars(gradio.queueing)["Queue"] = _LeanQueue
    vars(gradio.utils)["MatplotlibBackendMananger"] = nullcontext
