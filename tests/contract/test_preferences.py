"""/api/auth/preferences over HTTP, as API.md promises it."""

import httpx
import pytest

from tests.loopback import NO_TLS
from tests.running import AppServer

PATH = "/api/auth/preferences"


async def put(server: AppServer, body: str) -> httpx.Response:
    async with httpx.AsyncClient(
        verify=NO_TLS, base_url=server.url, headers=server.headers
    ) as client:
        return await client.put(
            PATH, content=body.encode(), headers={"content-type": "application/json"}
        )


async def get(server: AppServer) -> httpx.Response:
    async with httpx.AsyncClient(
        verify=NO_TLS, base_url=server.url, headers=server.headers
    ) as client:
        return await client.get(PATH)


async def test_an_object_is_stored_and_read_again(app_server: AppServer) -> None:
    assert (await get(app_server)).json() == {}
    stored = await put(app_server, '{"theme": "dark", "tabs": [1, null, {"a": "ü"}]}')
    assert stored.status_code == 200
    assert stored.json() == {"theme": "dark", "tabs": [1, None, {"a": "ü"}]}
    assert (await get(app_server)).json() == stored.json()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[]", 400),
        ("null", 400),
        ("7", 400),
        ("{", 400),
        ('{"a": NaN}', 400),
        ('{"a":' * 300 + "1" + "}" * 300, 400),
        ('{"a":' * 20_000 + "1" + "}" * 20_000, 400),
        ("[" * 900 + "]" * 900, 400),
        ('{"a": "' + "x" * 70_000 + '"}', 413),
    ],
    ids=["list", "null", "number", "broken", "nan", "deep", "deeper", "deep list", "large"],
)
async def test_what_cannot_be_stored_is_refused_and_changes_nothing(
    app_server: AppServer, body: str, status: int
) -> None:
    await put(app_server, '{"theme": "dark"}')
    refused = await put(app_server, body)
    assert (refused.status_code, set(refused.json())) == (status, {"error"})
    assert (await get(app_server)).json() == {"theme": "dark"}


async def test_an_object_that_is_nested_as_deeply_as_can_be_comes_back(
    app_server: AppServer,
) -> None:
    body = '{"a":' * 250 + "1" + "}" * 250
    assert (await put(app_server, body)).status_code == 200
    assert (await get(app_server)).text == body


async def test_nobody_reads_preferences_without_a_credential(app_server: AppServer) -> None:
    async with httpx.AsyncClient(verify=NO_TLS, base_url=app_server.url) as client:
        assert (await client.get(PATH)).status_code == 401


async def patch(server: AppServer, body: str) -> httpx.Response:
    async with httpx.AsyncClient(
        verify=NO_TLS, base_url=server.url, headers=server.headers
    ) as client:
        return await client.patch(
            PATH, content=body.encode(), headers={"content-type": "application/json"}
        )


async def test_a_change_leaves_what_it_does_not_name(app_server: AppServer) -> None:
    await put(app_server, '{"look": {"theme": "dark", "density": "compact"}, "mine": [1], "x": 7}')
    changed = await patch(
        app_server, '{"look": {"density": null}, "x": {"a": 1, "b": null}, "none": null}'
    )
    expected = {"look": {"theme": "dark"}, "mine": [1], "x": {"a": 1}}
    assert (changed.status_code, changed.json()) == (200, expected)
    assert (await get(app_server)).json() == expected


@pytest.mark.parametrize(
    ("body", "status"),
    [("[]", 400), ('{"a":' * 300 + "1" + "}" * 300, 400), (f'{{"b": "{"x" * 40_000}"}}', 413)],
    ids=["list", "deep", "too much together"],
)
async def test_a_change_that_cannot_be_changes_nothing(
    app_server: AppServer, body: str, status: int
) -> None:
    kept = {"a": "x" * 40_000}
    assert (await patch(app_server, f'{{"a": "{"x" * 40_000}"}}')).status_code == 200
    assert (await patch(app_server, body)).status_code == status
    assert (await get(app_server)).json() == kept
