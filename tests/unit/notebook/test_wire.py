"""Events of the HTTP API as the notebook reads them."""

from typing import get_args

import pytest

from aiportal.events import Event, SourceFound, WebSearched, as_json
from aiportal.notebook.wire import event_of


@pytest.mark.parametrize(
    "event", [WebSearched("Who?", "brave", None), SourceFound(1, "T", "https://a.test/", "s")]
)
def test_a_search_and_its_sources_come_over(event: Event) -> None:
    assert event_of(as_json(event)) == event


@pytest.mark.parametrize("kind", get_args(Event))
def test_every_kind_of_event_is_known(kind: type[Event]) -> None:
    wire = {"type": kind.__dataclass_fields__["type"].default}
    with pytest.raises(TypeError, match="missing"):
        event_of(wire)
