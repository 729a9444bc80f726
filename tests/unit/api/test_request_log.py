"""One line in the log for each request."""

import logging

import aiohttp
import pytest

from tests.running import AppServer

LOGGER = "aiportal.api.middleware.request_log"


async def logged(
    caplog: pytest.LogCaptureFixture, server: AppServer, path: str, headers: dict[str, str]
) -> tuple[aiohttp.ClientResponse, logging.LogRecord]:
    """Call `path`; the answer and the line about it."""
    with caplog.at_level(logging.DEBUG, LOGGER):
        async with (
            aiohttp.ClientSession() as client,
            client.get(server.url + path, headers=headers) as answer,
        ):
            await answer.read()
    return answer, next(record for record in caplog.records if record.name == LOGGER)


async def test_a_call_is_logged_with_the_id_of_its_answer(
    caplog: pytest.LogCaptureFixture, app_server: AppServer
) -> None:
    headers = {**app_server.headers, "x-request-id": "theirs"}
    answer, record = await logged(caplog, app_server, "/v1/models", headers)
    fields = vars(record)
    assert (fields["method"], fields["path"], fields["status"]) == ("GET", "/v1/models", 200)
    assert fields["caller_request_id"] == "theirs"
    assert record.levelno == logging.INFO
    assert answer.headers["x-request-id"] != "theirs"


async def test_a_query_is_not_logged(
    caplog: pytest.LogCaptureFixture, app_server: AppServer
) -> None:
    _, record = await logged(caplog, app_server, "/login/link?token=secret-of-somebody", {})
    assert "secret-of-somebody" not in str(vars(record))
    assert record.levelno == logging.DEBUG


async def test_a_refused_call_is_logged_with_its_status(
    caplog: pytest.LogCaptureFixture, app_server: AppServer
) -> None:
    _, record = await logged(caplog, app_server, "/v1/models", {})
    assert vars(record)["status"] == 401
