"""The web server around an app: its real port, its end, a port that is taken."""

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest
from starlette.types import Receive, Scope, Send

from aiportal.api.addresses import sign_in_url, url_of
from aiportal.api.listening import bound, listening, loop_factory
from aiportal.errors import ConfigError
from aiportal.settings import Settings


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        head = {"type": "http.response.start", "status": 200, "headers": []}
        await send(head)
        await send({"type": "http.response.body", "body": b"hello"})


async def test_a_server_on_port_0_tells_its_real_port_and_answers(settings: Settings) -> None:
    async with listening(hello, settings) as server:
        assert not server.url.endswith(":0")
        assert await _get(server.url) == "hello"


async def test_a_server_ends_when_it_is_told_to(settings: Settings) -> None:
    async with listening(hello, settings) as server:
        server.stop()
        async with asyncio.timeout(5):
            await server.ended()
        with pytest.raises(aiohttp.ClientConnectionError):
            await _get(server.url)


async def test_a_port_that_is_taken_is_told_in_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(port=taken.getsockname()[1], data_dir=tmp_path)
        with pytest.raises(ConfigError, match="AIPORTAL_PORT"):
            async with listening(hello, settings):
                pass


def test_a_piece_of_a_stream_does_not_wait_for_the_receipt_of_the_one_before(
    settings: Settings,
) -> None:
    with bound(settings) as listener:
        address = listener.getsockname()[:2]
        with socket.create_connection(address), listener.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_loop_is_the_fast_one() -> None:
    factory = loop_factory()
    assert factory is not None
    loop = factory()
    loop.close()
    assert type(loop).__module__.startswith("uvloop")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("portal.example", "http://portal.example:80"),
    ],
)
def test_the_address_is_one_to_open_on_this_machine(host: str, url: str) -> None:
    assert url_of(host, 80) == url


def test_a_sign_in_address_has_one_slash() -> None:
    assert sign_in_url("http://a/", "t") == "http://a/login/link?token=t"


async def _get(url: str) -> str:
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        return await answer.text()
