"""One answer of a model, as text, Markdown and HTML."""

import html
import json
import time
from dataclasses import dataclass, field
from typing import Any, assert_never

from aiportal.dialects.token_usage import TokenUsage
from aiportal.errors import UpstreamError
from aiportal.events import ReasoningDelta, TextDelta, ToolCalled, ToolReturned
from aiportal.notebook.cell import cell_number, show
from aiportal.notebook.markup import rendered
from aiportal.notebook.pieces import Notice, Outcome, Piece, ToolCallDelta, ToolEvent

__all__ = ["Answer", "AnswerBuilder", "ToolCall"]

MAX_TOOL_CHARS = 2_000  # of an event where an answer is shown


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model wants of one of your own functions. arguments: JSON as it wrote it."""

    id: str
    name: str
    arguments: str

    @property
    def parameters(self) -> Any:
        """The arguments decoded. Raises json.JSONDecodeError where the model wrote no JSON."""
        return json.loads(self.arguments or "{}")


@dataclass(frozen=True, slots=True)
class Answer:
    """`str(answer)` is its text; a notebook shows it rendered.

    model: what answered. cost_usd: None where it is not known. ttft_s, duration_s: seconds until
    the first piece and until the end. request_id: as in the usage rows and the log. shown_in: the
    number of the cell that it was shown in while it came, which does not show it twice.
    tool_events: what the portal's tools were called with and what they gave.
    """

    text: str
    model: str
    usage: TokenUsage | None
    cost_usd: float | None
    ttft_s: float | None
    duration_s: float
    request_id: str
    finish_reason: str | None = None
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    shown_in: int | None = field(default=None, repr=False, compare=False)
    tool_events: tuple[ToolEvent, ...] = ()

    def __str__(self) -> str:
        return self.text

    @property
    def facts(self) -> str:
        """Model, tokens, cost, first-token time and speed on one line."""
        facts = [self.model]
        if self.usage is not None:
            prompt, completion = self.usage.prompt_tokens, self.usage.completion_tokens
            facts.append(f"{prompt:,} + {completion:,} tokens")
        if self.cost_usd is not None:
            facts.append("free" if self.cost_usd == 0 else f"${self.cost_usd:.6f}")
        if self.ttft_s is not None:
            facts.append(f"first token {self.ttft_s:.2f} s")
        if speed := self._tokens_per_s():
            facts.append(f"{speed:.0f} tokens/s")
        if self.finish_reason not in (None, "stop"):
            facts.append(f"ended by {self.finish_reason}")
        return " · ".join(facts)

    def _tokens_per_s(self) -> float | None:
        if self.usage is None or self.ttft_s is None or self.usage.completion_tokens < 2:
            return None
        seconds = self.duration_s - self.ttft_s
        return (self.usage.completion_tokens - 1) / seconds if seconds > 0 else None

    def bundle(self) -> dict[str, str]:
        """The forms that a notebook may choose from, by MIME type."""
        return {
            "text/plain": self.text,
            "text/markdown": self._repr_markdown_(),
            "text/html": self._repr_html_(),
        }

    def _body(self) -> str:
        calls = [f"`{call.name}({call.arguments})`" for call in self.tool_calls]
        used = [_line(event) for event in self.tool_events]
        return "\n\n".join(part for part in (*used, self.text, *calls) if part)

    def _repr_markdown_(self) -> str:
        return f"{self._body()}\n\n<small>{html.escape(self.facts)}</small>"

    def _repr_html_(self) -> str:
        return f"{rendered(self._body())}<p><small>{html.escape(self.facts)}</small></p>"

    def _ipython_display_(self) -> None:
        if self.shown_in is None or self.shown_in != cell_number():
            show(self.bundle())


class AnswerBuilder:
    """Takes in the pieces of one call, in order; `answer` after the last."""

    def __init__(self) -> None:
        self.text = ""
        self._reasoning: list[str] = []
        self._calls: dict[int, ToolCall] = {}
        self._tool_events: list[ToolEvent] = []
        self._ttft_s: float | None = None
        self._outcome: Outcome | None = None
        self.start()

    def start(self) -> None:
        """Start the clock, again if the call begins later than the builder was made."""
        self._started = time.perf_counter()

    def feed(self, piece: Piece) -> str:
        """Take in a piece; returns the text that it adds, often none."""
        if self._ttft_s is None and not isinstance(piece, Notice | Outcome):
            self._ttft_s = time.perf_counter() - self._started
        match piece:
            case Notice():
                self.start()  # what has to be fetched first does not count
            case TextDelta(text=text):
                self.text += text
                return text
            case ReasoningDelta(text=text):
                self._reasoning.append(text)
            case ToolCallDelta():
                self._add(piece)
            case ToolCalled() | ToolReturned():
                self._tool_events.append(piece)
            case Outcome():
                self._outcome = piece
            case _:
                assert_never(piece)
        return ""

    def _add(self, delta: ToolCallDelta) -> None:
        known = self._calls.get(delta.index, ToolCall("", "", ""))
        self._calls[delta.index] = ToolCall(
            id=known.id or delta.id,
            name=known.name + delta.name,
            arguments=known.arguments + delta.arguments,
        )

    def answer(self, *, shown_in: int | None = None) -> Answer:
        """The whole answer. Raises UpstreamError before the last piece has come."""
        outcome = self._outcome
        if outcome is None:
            raise UpstreamError("The answer has not ended yet. Read it to its end first.")
        return Answer(
            text=self.text,
            model=outcome.model,
            usage=outcome.usage,
            cost_usd=outcome.cost_usd,
            ttft_s=self._ttft_s,
            duration_s=time.perf_counter() - self._started,
            request_id=outcome.request_id,
            finish_reason=outcome.finish_reason,
            reasoning="".join(self._reasoning),
            tool_calls=tuple(call for _, call in sorted(self._calls.items())),
            shown_in=shown_in,
            tool_events=tuple(self._tool_events),
        )


def _line(event: ToolEvent) -> str:
    """One event on one line of code, which nothing in it can end."""
    if isinstance(event, ToolCalled):
        said = f"{event.tool_name}({json.dumps(event.arguments, ensure_ascii=False)})"
    else:
        said = f"→ {json.dumps(event.error or event.result, ensure_ascii=False)}"
    said = said.replace("`", "ˋ")
    return f"`{said[:MAX_TOOL_CHARS]}`"
