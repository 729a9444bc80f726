"""What a model is sent for one turn: the branch of the conversation, cut to what it can hold."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aiportal.chat.continuation import INSTRUCTION
from aiportal.chat.messages import Message

__all__ = ["chat_body"]

CHARS_PER_TOKEN = 3  # an estimate on the safe side for most languages; no tokenizer is at hand
TOKENS_PER_MESSAGE = 4  # what a chat template adds around each
MIN_TAIL_TOKENS = 200  # of an answer to go on with, however full the window is
ANSWER_SHARE = 4  # without `max_tokens` a quarter of the window is kept free for the answer


def chat_body(
    branch: Sequence[Message],
    *,
    model_id: str,
    system_prompt: str,
    parameters: Mapping[str, Any],
    context_window: int | None,
    max_messages: int,
    goes_on: bool = False,
) -> dict[str, Any]:
    """The body of a streamed chat completion.

    branch: from the first question to the one to be answered, the last. Answers that failed or are
    empty are left out, and questions that then stand together become one message, because some
    models insist on taking turns. Where the model's window (tokens) is known, the oldest exchanges
    are dropped until the rest is estimated to fit, at a token for every three characters; and
    everywhere until there are at most `max_messages`. The system prompt and the newest question
    always stay, whatever their length: then the model's own refusal is the right message.
    goes_on: the branch ends with an answer that broke off, and the model is asked to go on with it.
    It stays too; of one that is too long for the window, the end.
    """
    system = [{"role": "system", "content": system_prompt}] if system_prompt else []
    budget = _prompt_budget(context_window, parameters)
    if budget is not None:
        budget -= sum(_tokens(message["content"]) for message in system)
    asked = [{"role": "user", "content": INSTRUCTION}] if goes_on else []
    if goes_on and budget is not None:
        budget -= _tokens(INSTRUCTION)
    room = max_messages - len(system) - len(asked)
    kept = _newest([m for m in branch if _is_said(m)], budget, room)
    if goes_on and budget is not None:
        kept = _with_tail(kept, budget)
    return {
        **parameters,
        "model": model_id,
        "messages": system + _joined(kept) + asked,
        "stream": True,
    }


def _is_said(message: Message) -> bool:
    return message.role == "user" or (message.content != "" and message.status != "error")


def _prompt_budget(context_window: int | None, parameters: Mapping[str, Any]) -> int | None:
    """Tokens for the prompt, None for no bound."""
    if context_window is None:
        return None
    wanted = parameters.get("max_tokens")
    # An answer as long as the window would leave nothing to answer.
    for_answer = context_window // ANSWER_SHARE if wanted is None else wanted
    return context_window - min(for_answer, context_window // 2)


def _newest(branch: list[Message], budget: int | None, max_messages: int) -> list[Message]:
    """The end of the branch that is within bounds, from a question on; never empty."""
    tokens = 0
    start = max((i for i, one in enumerate(branch) if one.role == "user"), default=0)
    for index in range(len(branch) - 1, -1, -1):
        tokens += _tokens(branch[index].content)
        is_over = (budget is not None and tokens > budget) or len(branch) - index > max_messages
        if is_over:
            break
        if branch[index].role == "user":
            start = index
    return branch[start:]


def _with_tail(branch: list[Message], budget: int) -> list[Message]:
    """The branch with its last message cut to its end, where all is too long for the budget."""
    *before, answer = branch
    room = max(budget - sum(_tokens(one.content) for one in before), MIN_TAIL_TOKENS)
    if _tokens(answer.content) <= room:
        return branch
    return [*before, replace(answer, content=answer.content[-room * CHARS_PER_TOKEN :])]


def _joined(branch: Sequence[Message]) -> list[dict[str, str]]:
    messages: list[dict[str, str]] = []
    for message in branch:
        if messages and messages[-1]["role"] == message.role:
            messages[-1]["content"] += "\n\n" + message.content
        else:
            messages.append({"role": message.role, "content": message.content})
    return messages


def _tokens(text: str) -> int:
    return -(-len(text) // CHARS_PER_TOKEN) + TOKENS_PER_MESSAGE
