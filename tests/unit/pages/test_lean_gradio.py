from copy import deepcopy
from typing import Any

import gradio as gr
import pytest
from gradio.block_function import BlockFunction
from gradio.blocks import Blocks
from gradio.data_classes import PredictBodyInternal
from gradio.state_holder import SessionState
from starlette.requests import Request

from pages import lean_gradio
from pages.lean_gradio import LeanBlocks

SKIPPED = {"__type__": "update"}


class Page:
    """A page with one function and two outputs."""

    def __init__(self) -> None:
        lean_gradio.install()
        with LeanBlocks() as self.blocks:
            self.one, self.two = gr.Textbox(), gr.Textbox()
            self.blocks.load(dict, None, [self.one, self.two])
        self.function: BlockFunction = next(iter(self.blocks.fns.values()))
        self.session: SessionState = vars(gr.state_holder)["SessionState"](self.blocks)

    async def sent(self, predictions: dict[Any, Any]) -> list[Any]:
        sent: list[Any] = await self.blocks.postprocess_data(
            self.function, predictions, self.session
        )
        return sent


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> None:
    """Gradio works out a path wherever it makes a component, also beneath our code."""


@pytest.fixture
async def page() -> Page:
    return Page()


async def test_one_output_of_two(page: Page) -> None:
    assert await page.sent({page.two: "text"}) == [SKIPPED, "text"]


async def test_both_in_any_order(page: Page) -> None:
    assert await page.sent({page.two: "2", page.one: gr.update(value="1")}) == [
        {"__type__": "update", "value": "1"},
        "2",
    ]


async def test_none_of_them(page: Page) -> None:
    assert await page.sent({}) == [SKIPPED, SKIPPED]


async def test_what_is_not_named_is_not_made_anew(page: Page) -> None:
    await page.sent({page.two: gr.update(label="text")})
    blocks = page.session.blocks_config.blocks
    assert blocks[page.one._id] is page.one
    assert blocks[page.two._id] is not page.two


@pytest.mark.parametrize(
    "value",
    [
        "text",
        None,
        gr.update(visible=False),
        gr.update(value="text", visible=True),
        gr.update(submit_btn=True, stop_btn=False, value=""),
        gr.update(label="other words"),
        gr.Textbox(visible=False),
    ],
)
async def test_the_page_is_sent_what_gradio_would_send(page: Page, value: object) -> None:
    usual = await Blocks.postprocess_data(
        page.blocks, page.function, [deepcopy(value), gr.skip()], page.session
    )
    assert await page.sent({page.one: value}) == usual


@pytest.mark.parametrize("value", ["text", None, 3, ["a", "list"], {"an": "object"}])
async def test_a_function_is_given_what_gradio_would_give(page: Page, value: object) -> None:
    page.function.inputs = [page.one, page.two]
    given = [value, "between"]
    usual = await Blocks.preprocess_data(page.blocks, page.function, given, page.session)
    assert await page.blocks.preprocess_data(page.function, given, page.session) == usual


FILE = {"path": "http://127.0.0.1:1/", "meta": {"_type": "gradio.FileData"}}


async def test_a_file_within_a_value_is_data_like_any_other(page: Page) -> None:
    with page.blocks:
        html = gr.HTML()
    page.function.inputs = [html, page.one]
    given = await page.blocks.preprocess_data(page.function, [{"file": FILE}, FILE], page.session)
    assert given == [{"file": FILE}, str(FILE)]


async def test_a_file_as_a_number_is_refused(page: Page) -> None:
    with page.blocks:
        number = gr.Number()
    page.function.inputs = [page.one, number]
    with pytest.raises(gr.Error, match="no value for this field"):
        await page.blocks.preprocess_data(page.function, ["text", FILE], page.session)
    assert await page.blocks.preprocess_data(page.function, ["a", 3], page.session) == ["a", 3]


async def test_what_is_no_output_is_refused(page: Page) -> None:
    with page.blocks:
        other = gr.Textbox()
    with pytest.raises(ValueError, match="not specified as output"):
        await page.sent({other: "text"})


async def test_a_session_holds_no_copy_of_what_is_shown(page: Page) -> None:
    await page.sent({page.one: "secret text", page.two: gr.update(value="more of it")})
    assert page.session.config_values == {}


async def test_nothing_is_kept_in_gradios_state() -> None:
    with LeanBlocks() as blocks:
        state = gr.State()
    lean_gradio.install()
    session = vars(gr.state_holder)["SessionState"](blocks)
    with pytest.raises(TypeError, match="belongs to no user"):
        session[state._id] = "anything"


async def test_events_are_looked_for_often_while_there_are_some() -> None:
    lean_gradio.install()
    with LeanBlocks() as blocks:
        blocks.queue()
    queue = blocks._queue
    assert queue.sleep_when_free == lean_gradio.LOOK_EVERY_S
    await queue.push(PredictBodyInternal(fn_index=None, data=[]), Request({"type": "http"}), None)
    assert queue.sleep_when_free == lean_gradio.LOOK_SOON_S


async def test_nothing_is_kept_of_sessions_whose_events_have_been_delivered(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lean_gradio, "SESSION_KEPT_S", 0.0)
    page.blocks.queue()
    queue = page.blocks._queue

    async def push(session: str) -> str:
        body = PredictBodyInternal(fn_index=page.function._id, data=[], session_hash=session)
        request = Request({"type": "http", "headers": [], "query_string": b"", "path": "/"})
        _, event_id, _ = await queue.push(body, request, None)
        return str(event_id)

    delivered = await push("delivered")
    queue.pending_event_ids_session["delivered"].remove(delivered)  # as its stream does
    await push("left")
    del queue.pending_messages_per_session["left"]  # as a stream that breaks off does
    await push("waiting")
    await push("new")

    assert set(queue.pending_event_ids_session) == {"waiting", "new"}
    assert set(queue.pending_messages_per_session) == {"waiting", "new"}
    assert set(queue._sessions) == {"waiting", "new"}
