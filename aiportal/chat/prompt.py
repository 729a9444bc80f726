"""What a model is sent for one turn: the branch of the conversation, cut to what it can hold."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aiportal.chat.attached import CHARS_PER_TOKEN, AttachedFile
from aiportal.chat.attachments.parts import Loader, Part, without_files
from aiportal.chat.continuation import INSTRUCTION
from aiportal.chat.messages import Message
from aiportal.chat.told_calls import call_texts, told_calls

__all__ = ["chat_body", "message_tokens", "question_room", "text_tokens"]

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
    tells_calls: bool = False,
    load: Loader = without_files,
    max_part_chars: int = 1_000_000,
    project_files: tuple[AttachedFile, ...] = (),
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
    tells_calls: answers that called tools are told with those calls and, shortened, their results.
    load: reads the files that were sent with the questions that stay. They stand before their
    question, each in a part of its own. max_part_chars: of one text in the body.
    project_files: stand before the first question that stays, as those that were sent with it, and
    are never dropped.
    """
    system = [{"role": "system", "content": system_prompt}] if system_prompt else []
    budget = _prompt_budget(context_window, parameters)
    if budget is not None:
        budget -= sum(text_tokens(message["content"]) for message in system)
        budget -= sum(file.tokens for file in project_files)
    asked = [{"role": "user", "content": INSTRUCTION}] if goes_on else []
    if goes_on and budget is not None:
        budget -= text_tokens(INSTRUCTION)
    room = max_messages - len(system) - len(asked)
    said = [m if tells_calls else replace(m, tool_calls=()) for m in branch if _is_said(m)]
    kept = _newest(said, budget, room)
    if goes_on and budget is not None:
        kept = _with_tail(kept, budget)
    if project_files:
        kept[0] = replace(kept[0], attachments=(*project_files, *kept[0].attachments))
    return {
        **parameters,
        "model": model_id,
        "messages": [*system, *_told(kept, load, max_part_chars, tells_calls=tells_calls), *asked],
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
        tokens += message_tokens(branch[index])
        is_over = (budget is not None and tokens > budget) or len(branch) - index > max_messages
        if is_over:
            break
        if branch[index].role == "user":
            start = index
    return branch[start:]


def _with_tail(branch: list[Message], budget: int) -> list[Message]:
    """The branch with its last message cut to its end, where all is too long for the budget."""
    *before, answer = branch
    room = max(budget - sum(map(message_tokens, before)), MIN_TAIL_TOKENS)
    if text_tokens(answer.content) <= room:
        return branch
    tail = answer.content[-room * CHARS_PER_TOKEN :]
    return [*before, replace(answer, content=tail, tool_calls=())]


def _told(
    branch: Sequence[Message], load: Loader, max_part_chars: int, *, tells_calls: bool
) -> list[dict[str, Any]]:
    """The messages, and in the place of an answer that called tools what was said and called."""
    if not tells_calls or not any(message.tool_calls for message in branch):
        return _joined(branch, load, max_part_chars)
    messages: list[dict[str, Any]] = []
    start = 0
    for end, message in enumerate(branch):
        if message.tool_calls:
            messages += _joined(branch[start:end], load, max_part_chars)
            messages += told_calls(message)
            start = end + 1
    return messages + _joined(branch[start:], load, max_part_chars)


def _joined(branch: Sequence[Message], load: Loader, max_part_chars: int) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    for message in branch:
        content = _content(message, load, max_part_chars)
        if messages and messages[-1]["role"] == message.role:
            before = messages[-1]
            if isinstance(content, str) and isinstance(before["content"], str):
                before["content"] += "\n\n" + content
            else:
                before["content"] = [*_parts(before["content"]), *_parts(content)]
        else:
            messages.append({"role": message.role, "content": content})
    return messages


def _content(message: Message, load: Loader, max_part_chars: int) -> str | list[Part]:
    """A text alone, where all of it is one: not every server takes a list of parts."""
    if not message.attachments:
        return message.content
    parts = [*map(load, message.attachments), *_parts(message.content)]
    texts = [part.get("text") for part in parts]
    joined = "\n\n".join(text for text in texts if text is not None)
    if None not in texts and len(joined) <= max_part_chars:
        return joined
    return [piece for part in parts for piece in _pieces(part, max_part_chars)]


def _parts(content: str | list[Part]) -> list[Part]:
    if isinstance(content, list):
        return content
    return [{"type": "text", "text": content}] if content else []


def _pieces(part: Part, max_chars: int) -> list[Part]:
    """A text in as many parts as its length asks for."""
    text = part.get("text")
    if text is None or len(text) <= max_chars:
        return [part]
    starts = range(0, len(text), max_chars)
    return [{"type": "text", "text": text[at : at + max_chars]} for at in starts]


def message_tokens(message: Message) -> int:
    """Estimated, with the files that were sent with it."""
    files = sum(file.tokens for file in message.attachments)
    calls = sum(text_tokens(text) for text in call_texts(message.tool_calls))
    return text_tokens(message.content) + files + calls


def question_room(
    context_window: int | None, parameters: Mapping[str, Any], system_prompt: str
) -> int | None:
    """Tokens that a question may have with its files beside the system prompt; None for no bound."""
    budget = _prompt_budget(context_window, parameters)
    return None if budget is None else budget - text_tokens(system_prompt)


def text_tokens(text: str) -> int:
    """Estimated, of a message."""
    return -(-len(text) // CHARS_PER_TOKEN) + TOKENS_PER_MESSAGE
