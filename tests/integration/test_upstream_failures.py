"""A provider fails: the caller gets an error of ours, the ledger one row."""

import json
from pathlib import Path

import httpx
import pytest

from aiportal.settings import Settings
from tests.integration.calls import CHAT, chat_body, client, events, post, stream
from tests.processes import free_port
from tests.running import AppServer, serving
from tests.upstreams import (
    DONE,
    Answer,
    Close,
    Gate,
    Hang,
    Head,
    Reset,
    Upstream,
    chunk,
    error,
    event,
    hang,
    page,
    plain,
    reset,
    text,
    write_model_config,
)
from tests.upstreams import stream as streamed

STATUSES = [
    (400, 400),
    (401, 502),
    (403, 502),
    (404, 502),
    (409, 400),
    (413, 413),
    (422, 400),
    (429, 429),
    (500, 502),
    (502, 502),
    (503, 503),
    (504, 504),
    (529, 503),
]
BROKEN: list[Answer] = [
    page(200),
    page(502),
    plain(b'{"choices": [', status=200),
    plain(b"", status=200),
    plain(b'{"object": "nothing"}'),
    plain(b'{"error": {"message": "no"}}'),
    reset(),
    reset(Head(length=100), b'{"choices":'),
    lambda _: (Close(),),
]
BROKEN_IDS = [
    "a page",
    "a page with 502",
    "cut JSON",
    "an empty body",
    "no choices",
    "an error with status 200",
    "a reset",
    "a reset in the body",
    "a close",
]


def assert_is_error(answer: httpx.Response) -> None:
    """OpenAI's shape, and nothing of the provider's page in it."""
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert body["error"]["message"]
    assert "<html>" not in answer.text
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("is_stream", [False, True], ids=["unstreamed", "streamed"])
@pytest.mark.parametrize(("theirs", "ours"), STATUSES)
async def test_each_status_becomes_one_of_ours(
    app_server: AppServer, upstream: Upstream, theirs: int, ours: int, is_stream: bool
) -> None:
    upstream.answer("fast", error(theirs, code="their_code", param="their_param"))

    answer = await post(app_server, stream=is_stream)
    (row,) = await app_server.rows()

    assert answer.status_code == ours
    assert_is_error(answer)
    assert row.status == ours
    assert row.request_id == answer.headers["x-request-id"]


@pytest.mark.parametrize("status", [400, 429])
async def test_what_the_caller_can_act_on_is_kept(
    app_server: AppServer, upstream: Upstream, status: int
) -> None:
    upstream.answer(
        "fast",
        error(
            status, "too hot", code="bad_heat", param="temperature", headers={"Retry-After": "7"}
        ),
    )

    answer = await post(app_server)

    assert answer.json()["error"]["code"] == "bad_heat"
    assert answer.json()["error"]["param"] == "temperature"
    assert "too hot" in answer.json()["error"]["message"]
    if status == 429:
        assert answer.headers["retry-after"] == "7"


@pytest.mark.parametrize("is_stream", [False, True], ids=["unstreamed", "streamed"])
@pytest.mark.parametrize("broken", BROKEN, ids=BROKEN_IDS)
async def test_an_answer_that_is_none_is_a_bad_gateway(
    app_server: AppServer, upstream: Upstream, broken: Answer, is_stream: bool
) -> None:
    upstream.answer("fast", broken)

    answer = await post(app_server, stream=is_stream)
    (row,) = await app_server.rows()

    assert answer.status_code == row.status == 502
    assert_is_error(answer)


async def test_a_provider_that_is_not_there_is_a_bad_gateway(
    tmp_path: Path, wired_settings: Settings
) -> None:
    dead = f"http://127.0.0.1:{free_port()}/v1"
    write_model_config(tmp_path / "model_config", dead, models=("dead",), model={"apiBase": dead})
    async with serving(wired_settings) as server:
        answer = await post(server, model="acme/dead")
        (row,) = await server.rows()

    assert answer.status_code == row.status == 502
    assert_is_error(answer)


@pytest.fixture
def impatient_settings(tmp_path: Path, upstream: Upstream) -> Settings:
    """A portal that waits 0.2 s for a byte."""
    timeouts = {"connect": 2, "firstByte": 0.2, "betweenBytes": 0.2, "total": 10}
    config = write_model_config(tmp_path / "impatient", upstream.url, config={"timeouts": timeouts})
    return Settings(data_dir=tmp_path / "data", model_config_dir=config, local_model="off", port=0)


@pytest.mark.parametrize("is_stream", [False, True], ids=["unstreamed", "streamed"])
async def test_a_provider_that_says_nothing_is_a_time_out(
    impatient_settings: Settings, upstream: Upstream, is_stream: bool
) -> None:
    upstream.answer("fast", hang())
    async with serving(impatient_settings) as server:
        answer = await post(server, stream=is_stream)
        (row,) = await server.rows()
        await upstream.last().closed.arrival(1)

    assert answer.status_code == row.status == 504
    assert answer.json()["error"]["type"] == "timeout_error"


async def test_a_stream_that_falls_silent_ends_with_an_error_event(
    impatient_settings: Settings, upstream: Upstream
) -> None:
    upstream.answer("fast", streamed(chunk("one"), Hang()))
    async with serving(impatient_settings) as server:
        found = events(await stream(server))
        (row,) = await server.rows()

    assert found[-1]["error"]["type"] == "timeout_error"
    assert row.status == 504
    assert row.completion_tokens >= 1


HALF = chunk("half ")
BREAKS: list[tuple[str, Answer]] = [
    ("a reset", streamed(HALF, Reset())),
    ("a close", streamed(HALF, Close())),
    ("a clean end", streamed(HALF)),
    ("[DONE] without a finish", streamed(HALF, DONE)),
    ("an error event", streamed(HALF, event({"error": {"message": "overheated", "code": "hot"}}))),
    ("an error in one piece with text", streamed(HALF + event({"error": "overheated"}))),
    ("cut JSON", streamed(HALF, b'data: {"choices": [{"finish_reason": \n\n')),
    ("half an event", streamed(HALF, b'data: {"choi')),
]


@pytest.mark.parametrize("broken", [case[1] for case in BREAKS], ids=[case[0] for case in BREAKS])
async def test_a_broken_stream_ends_with_one_error_event_and_no_done(
    app_server: AppServer, upstream: Upstream, broken: Answer
) -> None:
    upstream.answer("fast", broken)

    body = await stream(app_server, stream_options={"include_usage": True})
    (row,) = await app_server.rows()

    assert body.startswith(HALF)
    found = events(body)
    assert set(found[-1]["error"]) == {"message", "type", "param", "code"}
    assert sum("error" in each for each in found) == 1
    assert "[DONE]" not in found
    assert row.status == 502
    assert row.completion_tokens >= 1


async def test_a_finish_without_done_is_a_whole_answer(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", streamed(chunk("whole", finish="stop")))

    assert await stream(app_server) == chunk("whole", finish="stop") + DONE


async def test_the_first_piece_is_passed_on_before_the_second_is_sent(
    app_server: AppServer, upstream: Upstream
) -> None:
    gate = Gate()
    upstream.answer("fast", streamed(chunk("one"), gate, chunk("two", finish="stop"), DONE))
    async with (
        client(app_server) as session,
        session.stream("POST", CHAT, json=chat_body(stream=True)) as answer,
    ):
        pieces = answer.aiter_raw()
        assert await anext(pieces) == chunk("one")
        assert not upstream.last().answered.is_open
        gate.open()
        assert b"".join([piece async for piece in pieces]).endswith(DONE)


async def test_a_failed_call_does_not_harm_the_next(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", error(500), reset(), page(502), text("well again"))

    statuses = [(await post(app_server)).status_code for _ in range(2)]

    assert statuses == [502, 200]  # a call is tried three times
    assert len(await app_server.rows(2)) == 2


async def test_the_providers_key_is_in_no_error(
    tmp_path: Path, wired_settings: Settings, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_KEY", "sk-very-secret-0123456789")
    write_model_config(
        tmp_path / "model_config", upstream.url, models=("locked",), model={"apiKeyEnv": "ACME_KEY"}
    )
    upstream.answer("locked", error(400, "bad key sk-very-secret-0123456789 given"))
    async with serving(wired_settings) as server:
        answer = await post(server, model="acme/locked")

    assert upstream.last().headers["authorization"] == "Bearer sk-very-secret-0123456789"
    assert "sk-very-secret" not in json.dumps(answer.json())
