"""Bodies that are small, or of allowed size, and would cost the portal much more."""

import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiportal.api.app import create_app
from aiportal.api.listening import listening
from tests.integration.calls import CHAT, client
from tests.running import AppServer
from tests.upstreams import Upstream, text

DEEP = b"[" * 253 + b"]" * 253
JSON = {"content-type": "application/json"}
TEXT = {"type": "text", "text": ""}


async def post(server: AppServer, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    async with client(server) as session:
        answer = await session.post(path, **options)
    return answer.status_code, answer.json().get("error", {})


async def test_a_body_too_deep_to_look_for_in_the_cache_is_refused(app_server: AppServer) -> None:
    body = b'{"model":"acme/fast","messages":[{"role":"user","content":"x"}],"y":%s}' % DEEP
    headers = JSON | {"x-aiportal-cache": "60"}
    status, error = await post(app_server, CHAT, content=body, headers=headers)
    assert (status, error["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("parameter", [[[]] * 70_000, json.loads("[" * 60 + "]" * 60)])
async def test_a_custom_models_parameters_are_bounded(
    app_server: AppServer, parameter: list[Any]
) -> None:
    draft = {"id": "custom/x", "baseModel": "acme/fast", "parameters": {"x": parameter}}
    status, error = await post(app_server, "/v1/custom-models", json=draft)
    assert (status, error["param"]) == (400, "parameters")


@pytest.mark.parametrize("charset", ["undefined", "punycode", "unicode_escape", "utf-7"])
async def test_forms_in_odd_charsets_are_refused(app_server: AppServer, charset: str) -> None:
    form = b'--B\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n\xffa\r\n--B--\r\n'
    headers = {"content-type": f"multipart/form-data; boundary=B; charset={charset}"}
    status, error = await post(app_server, "/v1/images/edits", content=form, headers=headers)
    assert (status, error["type"]) == (400, "invalid_request_error")
    assert "UTF-8" in error["message"]


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        (CHAT, {"messages": [{"role": "user", "content": [TEXT] * 21_001}]}, "messages"),
        (
            "/v1/messages",
            {"max_tokens": 1, "messages": [{"role": "user", "content": [TEXT] * 21_001}]},
            "messages",
        ),
        ("/v1/responses", {"input": [{"role": "user", "content": "a"}] * 21_001}, "input"),
    ],
)
async def test_a_conversation_of_too_many_parts_is_refused_before_it_is_read(
    app_server: AppServer, path: str, body: dict[str, Any], param: str
) -> None:
    status, error = await post(app_server, path, json={"model": "acme/fast", **body})
    assert (status, error["param"]) == (400, param)
    assert "20000" in error["message"] or "21000" in error["message"]


async def test_references_to_a_long_item_cannot_stand_for_more_than_a_body(
    app_server: AppServer, upstream: Upstream
) -> None:
    upstream.answer("fast", text("Hi"))
    long = {"model": "acme/fast", "input": "x" * 900_000}
    async with client(app_server) as session:
        response_id = (await session.post("/v1/responses", json=long)).json()["id"]
        listed = await session.get(f"/v1/responses/{response_id}/input_items")
    references = [{"type": "item_reference", "id": listed.json()["data"][0]["id"]}] * 40
    body = {"model": "acme/fast", "input": references, "store": False}
    status, error = await post(app_server, "/v1/responses", json=body)
    assert (status, error["code"]) == (413, "request_too_large")


async def test_a_bug_in_a_route_is_told_in_our_shape(app_server: AppServer) -> None:
    async def broken(_: Request) -> Response:
        raise ZeroDivisionError

    app = create_app(app_server.portal, with_pages=False)
    app.router.routes.insert(0, Route("/broken", broken))
    async with listening(app, app_server.portal.settings) as other:
        server = AppServer(other.url, app_server.key, app_server.portal)
        async with client(server) as session:
            answer = await session.get("/broken")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
