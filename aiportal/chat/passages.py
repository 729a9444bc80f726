"""A message as readers see it: what was said, by whom and when. No ids, no tokens, no costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aiportal.chat.messages import Message, MessageStatus
from aiportal.chat.tool_text import use_text
from aiportal.errors import NotFound

__all__ = ["Passage", "branch_to"]


@dataclass(frozen=True, slots=True)
class Passage:
    """problem: why an answer with the status `error` broke off, in words.

    attachments: names of the files that were sent with a question.
    tools: what an answer's model called, one text a call.
    """

    role: Literal["user", "assistant"]
    content: str
    reasoning: str
    model: str | None
    status: MessageStatus
    problem: str | None
    created_at: str
    attachments: Sequence[str] = ()
    tools: Sequence[str] = ()

    @classmethod
    def of(cls, message: Message) -> "Passage":
        """The passage that a message is."""
        return cls(
            role=message.role,
            content=message.content,
            reasoning=message.reasoning,
            model=message.model,
            status=message.status,
            problem=None if message.error is None else message.error.message,
            created_at=message.created_at,
            attachments=[file.name for file in message.attachments],
            tools=[use_text(use) for use in message.tool_calls],
        )


def branch_to(tree: Sequence[Message], leaf_id: str | None) -> Sequence[Message]:
    """From the first question to the message `leaf_id`, or to the newest one: what a chat shows.

    tree: parents before their children. Raises NotFound for a `leaf_id` that is not in it.
    """
    by_id = {message.id: message for message in tree}
    if leaf_id is not None and leaf_id not in by_id:
        raise NotFound(
            f"This conversation has no message {leaf_id!r}. GET its messages for their ids.",
            param="leaf_id",
        )
    branch: list[Message] = []
    step = by_id[leaf_id] if leaf_id is not None else (tree[-1] if tree else None)
    while step is not None:
        branch.append(step)
        step = None if step.parent_id is None else by_id[step.parent_id]
    return branch[::-1]
