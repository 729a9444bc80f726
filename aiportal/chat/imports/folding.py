"""Trees of other programs, whose nodes are of many kinds, as trees of questions and answers.

What stands between a question and the next one is one answer: what a model wrote, what it called
and what came back, joined. Where such a chain parts, each of its ends is an answer of its own.
Nothing here recurses: a chain may be as long as the file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from aiportal.chat.imports.foreign import ForeignMessage, quoted
from aiportal.errors import InvalidRequest

__all__ = ["MAX_NODES", "FoldedTree", "ForeignNode", "fold"]

MAX_NODES: Final = 200_000
# Of all answers together: where a chain parts often, they repeat its beginning.
MAX_PIECES: Final = 1_000_000
MAX_CHARS: Final = 32_000_000


@dataclass(frozen=True, slots=True)
class ForeignNode:
    """A node of the file. kind: `system` is an instruction; `nothing` has only its place."""

    id: str
    parent_id: str | None
    kind: Literal["question", "answer", "system", "nothing"]
    text: str = ""
    thoughts: str = ""
    model: str | None = None
    created_at: str | None = None


@dataclass(frozen=True, slots=True)
class FoldedTree:
    """messages: parents before their children, the end of the shown branch last."""

    system_prompt: str
    messages: Sequence[ForeignMessage]


@dataclass(slots=True, eq=False)
class _Thread:
    """An answer as far as a node. above: the message that it follows. sent: it is a message now."""

    node: ForeignNode
    before: "_Thread | None"
    above: str | None
    sent: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """What stands above a node's children: a message, and perhaps an answer in the making."""

    above: str | None
    thread: _Thread | None


def fold(nodes: Sequence[ForeignNode], *, shown_id: str | None) -> FoldedTree:
    """shown_id: the node at which the other program's reader was, if the file says so.

    Raises InvalidRequest for what is no tree, or too large a one.
    """
    children = _children(nodes)
    folding = _Folding(children)
    for node in _in_order(children, len(nodes)):
        folding.take(node)
    return FoldedTree("\n\n".join(folding.instructions), folding.in_view(shown_id))


def _children(nodes: Sequence[ForeignNode]) -> Mapping[str | None, Sequence[ForeignNode]]:
    """The nodes by the one that they follow, in the file's order."""
    ids = {node.id for node in nodes}
    if len(ids) < len(nodes):
        raise InvalidRequest("Two of its messages have the same id.")
    children: dict[str | None, list[ForeignNode]] = {}
    strays = []
    for node in nodes:
        is_stray = node.parent_id is not None and node.parent_id not in ids
        children.setdefault(None if is_stray else node.parent_id, []).append(node)
        if is_stray:
            strays.append(node)
    # ChatGPT's first node may follow one that is in no file; a second such is a torn tree.
    if strays and len(children[None]) > 1:
        stray = strays[-1]
        raise InvalidRequest(
            f"The message {quoted(stray.id)} follows {quoted(stray.parent_id)}, which is missing."
        )
    return children


def _in_order(
    children: Mapping[str | None, Sequence[ForeignNode]], count: int
) -> Sequence[ForeignNode]:
    """Branch by branch, each node after its parent."""
    found: list[ForeignNode] = []
    waiting = list(reversed(children.get(None, ())))
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting += reversed(children.get(node.id, ()))
    if len(found) < count:
        raise InvalidRequest("Its messages follow one another in a circle.")
    return found


class _Folding:
    """Takes the nodes in order and makes the messages."""

    def __init__(self, children: Mapping[str | None, Sequence[ForeignNode]]) -> None:
        self._children = children
        self._places: dict[str | None, _Place] = {None: _Place(None, None)}
        self._messages: dict[str, ForeignMessage] = {}
        self._pieces = 0
        self._chars = 0
        self._root = _Place(None, None)
        self.instructions: list[str] = []

    def take(self, node: ForeignNode) -> None:
        place = self._places.get(node.parent_id, self._root)
        if node.kind == "question":
            place = _Place(self._ask(node, self._end(place)), None)
        elif node.kind == "answer":
            place = _Place(place.above, _Thread(node, place.thread, place.above))
        elif node.kind == "system" and place == self._root and node.text not in self.instructions:
            self.instructions.append(node.text)
        self._places[node.id] = place
        if node.id not in self._children:
            self._end(place)

    def in_view(self, shown_id: str | None) -> Sequence[ForeignMessage]:
        """All messages; the one at the end of the branch with the node `shown_id` comes last."""
        messages = self._messages
        if shown_id not in self._places or not messages:
            return list(messages.values())
        while shown_id in self._children:
            shown_id = self._children[shown_id][-1].id
        newest = {message.parent_id: message.id for message in messages.values()}
        leaf = self._end(self._places[shown_id])
        while leaf in newest:
            leaf = newest[leaf]
        if leaf is not None:
            messages[leaf] = messages.pop(leaf)
        return list(messages.values())

    def _ask(self, node: ForeignNode, above: str | None) -> str:
        question = ForeignMessage(node.id, above, "user", node.text, created_at=node.created_at)
        self._messages[node.id] = question
        return node.id

    def _end(self, place: _Place) -> str | None:
        """The message at a place: an answer in the making becomes one."""
        thread = place.thread
        if thread is None:
            return place.above
        if thread.sent is None:
            answer = self._answer(thread)
            self._messages[answer.id] = answer
            thread.sent = answer.id
        return thread.sent

    def _answer(self, thread: _Thread) -> ForeignMessage:
        nodes = []
        step: _Thread | None = thread
        while step is not None:
            nodes.append(step.node)
            step = step.before
        self._pieces += len(nodes)
        self._chars += sum(len(node.text) + len(node.thoughts) for node in nodes)
        if self._pieces > MAX_PIECES or self._chars > MAX_CHARS:
            raise InvalidRequest("Its answers part so often that they would fill too much room.")
        nodes.reverse()
        models = [node.model for node in nodes if node.model]
        return ForeignMessage(
            thread.node.id,
            thread.above,
            "assistant",
            _joined(node.text for node in nodes),
            reasoning=_joined(node.thoughts for node in nodes),
            model=models[-1] if models else None,
            created_at=next((node.created_at for node in nodes if node.created_at), None),
        )


def _joined(texts: Iterable[str]) -> str:
    return "\n\n".join(filter(None, (text.strip() for text in texts)))
