"""The portal in Python gives the same over both its backends, sync and async."""

import asyncio
import inspect
from collections.abc import Callable

import pytest

from aiportal.errors import (
    AuthenticationFailed,
    Conflict,
    InvalidRequest,
    ModelNotFound,
    NotFound,
    PortalError,
    ServiceUnavailable,
    UpstreamError,
)
from aiportal.notebook.backend import Backend
from aiportal.notebook.conversation import Conversation
from aiportal.notebook.embedded import EmbeddedBackend
from aiportal.notebook.portal import Portal, connect
from aiportal.notebook.remote import RemoteBackend
from aiportal.settings import Settings
from aiportal.usage import UsageGroup, UsageRow
from tests.pressing_stop import press_stop_after
from tests.processes import free_port
from tests.running import AppServer
from tests.upstreams import Hang, SearchSite, Upstream, chunk, error, event, stream, text
from tests.upstreams.searching import wikipedia

SOON_S = 1


def _public(kind: type) -> dict[str, Callable[..., object]]:
    found = inspect.getmembers(kind, inspect.isfunction)
    return {name: method for name, method in found if not name.startswith("_")}


# The shape


@pytest.mark.parametrize("kind", [Portal, Conversation])
def test_every_method_has_an_async_twin_with_the_same_signature(kind: type) -> None:
    methods = _public(kind)
    plain = {name for name in methods if f"a{name}" in methods}
    assert plain | {f"a{name}" for name in plain} == set(methods)
    for name in plain:
        assert inspect.signature(methods[name]) == inspect.signature(methods[f"a{name}"])


@pytest.mark.parametrize("kind", [EmbeddedBackend, RemoteBackend])
def test_both_backends_have_the_methods_of_the_protocol(kind: type) -> None:
    offered = _public(kind)
    for name, method in _public(Backend).items():
        assert inspect.signature(offered[name]) == inspect.signature(method)


# Answers


def test_a_question_gets_an_answer_with_its_facts(portal: Portal, upstream: Upstream) -> None:
    upstream.answer("fast", text("Paris, of course."))
    answer = portal.chat("What is the capital of France?", system="Be brief.", temperature=0)
    assert (answer.text, answer.model, answer.finish_reason) == (
        "Paris, of course.",
        "acme/fast",
        "stop",
    )
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (9, 4)
    assert answer.cost_usd == pytest.approx(17e-6)
    sent = upstream.last().json
    assert sent["temperature"] == 0
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]


async def test_the_async_twin_gives_the_same(portal: Portal, upstream: Upstream) -> None:
    upstream.answer("slow", text("Paris."))
    answer = await portal.achat("Capital?", model="acme/slow")
    assert (answer.text, answer.model) == ("Paris.", "acme/slow")


def test_a_stream_comes_in_pieces_and_ends_as_an_answer(portal: Portal, upstream: Upstream) -> None:
    upstream.answer("fast", text("Paris is old."))
    pieces = portal.stream("Capital?")
    assert list(pieces) == ["Paris", " is", " old."]
    assert pieces.answer.text == pieces.text == "Paris is old."


async def test_an_async_stream_comes_in_pieces(portal: Portal, upstream: Upstream) -> None:
    upstream.answer("fast", text("Paris is old."))
    assert [piece async for piece in portal.astream("Capital?")] == ["Paris", " is", " old."]


def test_calls_of_the_callers_own_functions_arrive(portal: Portal, upstream: Upstream) -> None:
    call = {"index": 0, "id": "call_1", "function": {"name": "add", "arguments": '{"a": 1}'}}
    delta = {"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]}
    upstream.answer("fast", stream(event(delta), chunk(finish="tool_calls"), b"data: [DONE]\n\n"))
    tool = {"type": "function", "function": {"name": "add", "parameters": {}}}
    (asked,) = portal.chat("1 + 1?", tools=[tool]).tool_calls
    assert (asked.name, asked.parameters) == ("add", {"a": 1})


def test_a_batch_keeps_the_order_and_ends_no_row_but_its_own(
    portal: Portal, upstream: Upstream
) -> None:
    upstream.answer("fast", text("one"), error(400, "Not this."), text("three"))
    rows = portal.batch(["1", "2", "3"], concurrency=1)
    assert [row.answer for row in rows] == ["one", None, "three"]
    assert rows[1].error is not None
    assert list(rows.df()["prompt"]) == ["1", "2", "3"]


# Leaving


def test_stop_cancels_the_call_at_the_provider(portal: Portal, upstream: Upstream) -> None:
    upstream.answer("fast", stream(chunk("Pa"), Hang()))
    stop = press_stop_after(upstream.wait_for)
    with pytest.raises(KeyboardInterrupt):
        portal.chat("Capital?")
    stop.join()
    upstream.last().closed.wait(SOON_S)


async def test_cancelling_the_async_twin_cancels_it_too(portal: Portal, upstream: Upstream) -> None:
    upstream.answer("fast", stream(chunk("Pa"), Hang()))
    cell = asyncio.create_task(portal.achat("Capital?"))
    request = await upstream.arrival()
    cell.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cell
    await request.closed.arrival(SOON_S)


def test_leaving_a_stream_half_way_cancels_it(portal: Portal, upstream: Upstream) -> None:
    upstream.answer("fast", stream(chunk("Pa"), chunk("ris"), Hang()))
    for _ in portal.stream("Capital?"):
        break
    upstream.last().closed.wait(SOON_S)


def test_a_stream_in_a_with_block_ends_with_it(portal: Portal, upstream: Upstream) -> None:
    upstream.answer("fast", stream(chunk("Pa"), Hang()))
    with portal.stream("Capital?") as pieces:
        assert next(pieces) == "Pa"
    upstream.last().closed.wait(SOON_S)
    with pytest.raises(UpstreamError, match="not ended"):
        _ = pieces.answer


# Errors


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda portal: portal.chat("Hi", model="acme/none"), ModelNotFound),
        (lambda portal: portal.chat("Hi", temperature=9), InvalidRequest),
        (lambda portal: portal.chat(""), InvalidRequest),
        (lambda portal: portal.chat([{"role": "wizard", "content": "Hi"}]), InvalidRequest),
        (lambda portal: list(portal.stream("Hi", model="acme/none")), ModelNotFound),
        (lambda portal: portal.conversation("conv_none"), NotFound),
        (lambda portal: portal.batch(["Hi"], concurrency=0), InvalidRequest),
    ],
)
def test_errors_are_the_same_kinds_over_both(
    portal: Portal, call: Callable[[Portal], object], kind: type[PortalError]
) -> None:
    with pytest.raises(PortalError) as caught:
        call(portal)
    assert type(caught.value) is kind


def test_a_provider_that_breaks_off_is_an_upstream_error(
    portal: Portal, upstream: Upstream
) -> None:
    upstream.answer("fast", stream(chunk("Pa")))
    with pytest.raises(UpstreamError, match="finish"):
        portal.chat("Capital?")


def test_a_closed_portal_says_so(portal: Portal) -> None:
    portal.close()
    portal.close()
    with pytest.raises(Conflict, match="was closed"):
        portal.models()


def test_a_portal_that_does_not_run_is_told_in_words() -> None:
    with (
        connect(f"http://127.0.0.1:{free_port()}", api_key="ak_none") as portal,
        pytest.raises(ServiceUnavailable, match="aiportal serve"),
    ):
        portal.models()


def test_a_wrong_key_is_told_as_one(remote_server: AppServer) -> None:
    with (
        connect(remote_server.url, api_key="ak_" + "0" * 64) as portal,
        pytest.raises(AuthenticationFailed),
    ):
        portal.models()


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/api/v1/"])
def test_the_address_may_be_given_as_clients_have_it(suffix: str, remote_server: AppServer) -> None:
    with connect(remote_server.url + suffix, api_key=remote_server.key) as portal:
        assert [model.id for model in portal.models()] == ["acme/fast", "acme/slow"]


# What else there is


def test_models_are_a_list_that_knows_the_default(portal: Portal) -> None:
    models = portal.models()
    assert [(model.id, model.is_default) for model in models] == [
        ("acme/fast", True),
        ("acme/slow", False),
    ]
    assert "<td>Acme fast</td>" in models._repr_html_()


def test_usage_is_told_by_call_and_in_sums(portal: Portal) -> None:
    answer = portal.chat("Capital?")
    portal.chat("Capital?", model="acme/slow")
    calls = portal.usage()
    assert isinstance(calls[0], UsageRow)
    assert [call.model for call in calls if isinstance(call, UsageRow)] == [
        "acme/fast",
        "acme/slow",
    ]
    assert calls[0].request_id == answer.request_id
    sums = portal.usage("model")
    assert isinstance(sums[0], UsageGroup)
    assert (sums[0].value, sums[0].requests) == ("acme/fast", 1)


def test_a_conversation_remembers(portal: Portal, upstream: Upstream) -> None:
    upstream.answer("fast", text("Paris."), text("Two million."))
    conversation = portal.conversation(title="Cities", system="Be brief.")
    assert conversation.ask("Capital of France?").text == "Paris."
    answer = conversation.ask("How many live there?", temperature=0)
    assert (answer.text, answer.model) == ("Two million.", "acme/fast")
    assert [message["content"] for message in upstream.last().json["messages"]] == [
        "Be brief.",
        "Capital of France?",
        "Paris.",
        "How many live there?",
    ]
    assert [message.role for message in conversation.messages()] == ["user", "assistant"] * 2


async def test_conversations_are_found_again(portal: Portal) -> None:
    made = await portal.aconversation(title="Cities of France")
    await made.aask("Capital?")
    (found,) = await portal.aconversations("France")
    again = await portal.aconversation(found.id)
    assert (again.id, again.info.title) == (made.id, "Cities of France")
    assert len(await again.amessages()) == 2


def test_stop_cancels_a_turn_of_a_conversation(portal: Portal, upstream: Upstream) -> None:
    upstream.answer("fast", stream(chunk("Pa"), Hang()))
    conversation = portal.conversation()
    stop = press_stop_after(upstream.wait_for)
    with pytest.raises(KeyboardInterrupt):
        conversation.ask("Capital?")
    stop.join()
    upstream.last().closed.wait(SOON_S)


def test_two_portals_on_one_data_folder_share_it(wired_settings: Settings) -> None:
    with Portal(settings=wired_settings) as one, Portal(settings=wired_settings) as other:
        one.chat("Capital?")
        assert len(other.usage()) == 1
        one.close()
        assert len(other.usage()) == 1


def test_one_data_folder_has_one_set_of_settings(wired_settings: Settings) -> None:
    differing = wired_settings.model_copy(update={"local_parallel": 9})
    with Portal(settings=wired_settings) as one, Portal(settings=differing) as other:
        one.models()
        with pytest.raises(Conflict, match="other settings"):
            other.models()


def test_a_search_gives_a_table_with_a_note(portal: Portal, search_site: SearchSite) -> None:
    search_site.finds("wikipedia", wikipedia("Alan Turing", "Ada"))

    found = portal.search("computing", max_results=1)

    assert [one.title for one in found] == ["Alan Turing"]
    assert found.provider == "wikipedia"
    assert found.note is not None
    assert "Only Wikipedia" in found._repr_html_()
    with pytest.raises(ServiceUnavailable, match="BRAVE_API_KEY"):
        portal.search("computing", provider="brave")
