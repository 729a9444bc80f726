"""Trees of other programs become trees of questions and answers."""

from typing import Literal

import pytest

from aiportal.chat.imports import folding
from aiportal.chat.imports.folding import ForeignNode, fold
from aiportal.errors import InvalidRequest

Kind = Literal["question", "answer", "system", "nothing"]
KINDS: dict[str, Kind] = {"q": "question", "a": "answer", "s": "system", "n": "nothing"}


def tree(*edges: str) -> list[ForeignNode]:
    """`child<parent` or `root`: the first letter is the kind; the text is the id."""
    nodes = []
    for edge in edges:
        key, _, parent = edge.partition("<")
        nodes.append(ForeignNode(key, parent or None, KINDS[key[0]], text=key))
    return nodes


def folded(*edges: str, shown: str | None = None) -> list[str]:
    """Each message as `content<parent's content`."""
    messages = fold(tree(*edges), shown_id=shown).messages
    contents = {one.id: one.content.replace("\n\n", "+") for one in messages}
    return [
        f"{contents[one.id]}<{contents[one.parent_id]}" if one.parent_id else contents[one.id]
        for one in messages
    ]


def test_questions_and_answers_stay_as_they_are() -> None:
    assert folded("q1", "a1<q1", "q2<a1", "a2<q2") == ["q1", "a1<q1", "q2<a1", "a2<q2"]


def test_a_chain_of_pieces_is_one_answer() -> None:
    assert folded("q1", "a1<q1", "a2<a1", "n<a2", "a3<n", "q2<a3") == [
        "q1",
        "a1+a2+a3<q1",
        "q2<a1+a2+a3",
    ]


def test_where_a_chain_parts_each_end_is_an_answer() -> None:
    assert folded("q1", "a1<q1", "a2<a1", "a3<a1") == ["q1", "a1+a2<q1", "a1+a3<q1"]


def test_a_question_in_the_middle_of_a_chain_follows_what_there_is() -> None:
    assert folded("q1", "a1<q1", "a2<a1", "q2<a1") == ["q1", "a1+a2<q1", "a1<q1", "q2<a1"]


def test_instructions_before_all_else_are_the_system_prompt() -> None:
    found = fold(tree("n", "s1<n", "q1<s1", "s2<q1", "a1<s2"), shown_id=None)

    assert found.system_prompt == "s1"
    assert [one.content for one in found.messages] == ["q1", "a1"]


def test_the_branch_that_was_shown_comes_last() -> None:
    edges = ("q1", "a1<q1", "a2<q1", "q2<a1", "a3<q2")

    assert folded(*edges, shown="a2")[-1] == "a2<q1"
    assert folded(*edges, shown="q1")[-1] == "a2<q1"
    assert folded(*edges, shown="a1")[-1] == "a3<q2"
    assert folded(*edges, shown="none") == folded(*edges)


def test_parents_come_before_their_children_in_whatever_order_they_stand() -> None:
    assert folded("a2<q2", "q2<a1", "a1<q1", "q1") == ["q1", "a1<q1", "q2<a1", "a2<q2"]


def test_a_first_node_may_follow_one_that_is_in_no_file() -> None:
    assert folded("q1<elsewhere", "a1<q1") == ["q1", "a1<q1"]


@pytest.mark.parametrize(
    ("edges", "words"),
    [
        (("q1", "a1<gone"), "'a1' follows 'gone', which is missing"),
        (("q1<gone", "q2<lost"), "which is missing"),
        (("q1<a1", "a1<q1"), "in a circle"),
        (("q1", "a1<a1"), "in a circle"),
        (("q1", "q1"), "same id"),
    ],
)
def test_what_is_no_tree_is_refused(edges: tuple[str, ...], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        folded(*edges)


def test_a_chain_of_a_hundred_thousand_is_walked_without_recursion() -> None:
    nodes = ["q0"] + [f"{'qa'[n % 2]}{n}<{'aq'[n % 2]}{n - 1}" for n in range(1, 100_000)]

    assert len(fold(tree(*nodes), shown_id="a99999").messages) == 100_000


def test_one_answer_of_a_hundred_thousand_pieces_is_joined() -> None:
    nodes = ["q0", "a1<q0", *(f"a{n}<a{n - 1}" for n in range(2, 100_000))]

    assert len(fold(tree(*nodes), shown_id=None).messages) == 2


def test_a_comb_of_answers_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "MAX_PIECES", 10_000)
    nodes = ["q0", "a1<q0", *(f"a{n}<a{n - 1}" for n in range(2, 1_000))]
    nodes += [f"aa{n}<a{n}" for n in range(1, 1_000)]

    with pytest.raises(InvalidRequest, match="part so often"):
        fold(tree(*nodes), shown_id=None)
