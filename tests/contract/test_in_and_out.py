"""Export, import and shares over HTTP."""

import io
import json
import zipfile
from collections.abc import AsyncIterator

import httpx
import nbformat
import pytest

from tests.loopback import NO_TLS
from tests.running import AppServer
from tests.unit.chat.imports.files import CHATGPT, OPEN_WEBUI, file_of, zip_of

IMPORT = "/api/v1/conversations/import"
KINDS = {
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ipynb": "application/x-ipynb+json",
    "json": "application/json",
}


@pytest.fixture
async def ann(app_server: AppServer) -> AsyncIterator[httpx.AsyncClient]:
    """The admin."""
    async with httpx.AsyncClient(
        verify=NO_TLS, base_url=app_server.url, headers=app_server.headers
    ) as client:
        yield client


@pytest.fixture
async def ben(app_server: AppServer) -> AsyncIterator[httpx.AsyncClient]:
    """A plain user."""
    portal = app_server.portal
    admin = await portal.users.operator()
    await portal.users.create(admin, username="ben", password=None)
    _, key = await portal.keys.create(admin, name="test", username="ben")
    async with httpx.AsyncClient(
        verify=NO_TLS, base_url=app_server.url, headers={"X-API-Key": key}
    ) as client:
        yield client


@pytest.fixture
async def chat_id(ann: httpx.AsyncClient) -> str:
    """A conversation of Ann's with two branches."""
    answer = await ann.post(IMPORT, content=file_of(CHATGPT))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["conversations"][0]["id"])


async def test_each_format_is_a_file(ann: httpx.AsyncClient, chat_id: str) -> None:
    for extension, kind in KINDS.items():
        answer = await ann.get(f"/api/v1/conversations/{chat_id}/export.{extension}")

        assert answer.status_code == 200
        assert answer.headers["content-type"] == kind
        assert answer.headers["content-disposition"] == (
            f'attachment; filename="heat-pumps.{extension}"'
        )
        assert "A fridge, turned round." in answer.text


async def test_a_branch_is_named_by_its_leaf(ann: httpx.AsyncClient, chat_id: str) -> None:
    path = f"/api/v1/conversations/{chat_id}"
    messages = (await ann.get(f"{path}/messages")).json()["data"]
    older = next(one["id"] for one in messages if one["content"] == "A fridge.")

    for extension in ("md", "html", "ipynb"):
        text = (await ann.get(f"{path}/export.{extension}", params={"leaf_id": older})).text
        assert "turned round" not in text
        unknown = await ann.get(f"{path}/export.{extension}", params={"leaf_id": "none"})
        assert (unknown.status_code, unknown.json()["error"]["param"]) == (404, "leaf_id")
    assert "turned round" in (await ann.get(f"{path}/export.json")).text
    notebook = (await ann.get(f"{path}/export.ipynb")).text
    nbformat.validate(json.loads(notebook))


async def test_everything_comes_in_one_archive_and_goes_in_again(
    ann: httpx.AsyncClient, ben: httpx.AsyncClient, chat_id: str
) -> None:
    await ann.post(IMPORT, content=file_of(OPEN_WEBUI))

    answer = await ann.get("/v1/conversations/export.zip")

    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    assert archive.namelist() == [
        "00001-heat-pumps.json",
        "00001-heat-pumps.md",
        "00002-ferns.json",
        "00002-ferns.md",
    ]
    taken = await ben.post("/v1/conversations/import", content=answer.content)
    assert (taken.status_code, taken.json()["imported"]) == (200, 2)
    empty = zipfile.ZipFile(io.BytesIO((await ben.get("/v1/conversations/export.zip")).content))
    assert len(empty.namelist()) == 4


async def test_an_import_says_what_it_did(ann: httpx.AsyncClient, chat_id: str) -> None:
    bad = CHATGPT | {"id": "c-2", "conversation_id": "c-2", "title": "Bad", "create_time": -1}

    form = {"file": ("any.name", file_of(CHATGPT, bad, OPEN_WEBUI), "text/plain")}
    answer = await ann.post(IMPORT, files=form)

    assert answer.status_code == 200
    report = answer.json()
    assert (report["object"], report["imported"]) == ("import", 1)
    assert (report["already_there"], report["refused"]) == (1, 1)
    assert [one["title"] for one in report["conversations"]] == ["Ferns"]
    assert report["skipped"] == [
        {"title": "Heat pumps", "reason": "It is already there.", "code": "already_there"},
        {
            "title": "Bad",
            "reason": "The time -1 is none that can have been.",
            "code": "invalid",
        },
    ]


@pytest.mark.parametrize("kind", ["application/json", "application/zip", "text/plain", ""])
async def test_a_file_is_known_by_its_content_and_not_by_what_it_is_called(
    ann: httpx.AsyncClient, kind: str
) -> None:
    data = zip_of({"x": file_of(CHATGPT)})

    answer = await ann.post(IMPORT, content=data, headers={"content-type": kind})

    assert answer.json()["imported"] == 1


async def test_a_bad_file_is_a_400_in_words(ann: httpx.AsyncClient) -> None:
    for data in (b"", b"hello", b"[]", b'{"a": 1}', b"PK\x03\x04", b"[" * 100_000):
        answer = await ann.post(IMPORT, content=data)
        assert answer.status_code == 400, data[:20]
        assert answer.json()["error"]["type"] == "invalid_request_error"
    no_file = await ann.post(IMPORT, files={"x": (None, "y")})
    assert (no_file.status_code, no_file.json()["error"]["param"]) == (400, "file")
    large = await ann.post(IMPORT, content=b"[" + b" " * (33 * 1024 * 1024) + b"]")
    assert large.status_code == 413


async def test_a_share_is_read_by_whoever_is_signed_in_until_it_is_revoked(
    ann: httpx.AsyncClient, ben: httpx.AsyncClient, app_server: AppServer, chat_id: str
) -> None:
    made = await ann.post(f"/api/v1/conversations/{chat_id}/share", json={"expires_days": 7})
    assert made.status_code == 201
    share = made.json()
    assert share["url"] == f"{app_server.url}/share/{share['id']}"
    path = f"/api/v1/shares/{share['id']}"

    read = await ben.get(path)
    async with httpx.AsyncClient(verify=NO_TLS, base_url=app_server.url) as stranger:
        refused = await stranger.get(path)

    assert read.status_code == 200
    assert read.json() | {"created_at": "", "expires_at": ""} == {
        "id": share["id"],
        "object": "shared_branch",
        "title": "Heat pumps",
        "shared_by": "Administrator",
        "created_at": "",
        "expires_at": "",
        "messages": [
            {
                "role": role,
                "content": content,
                "reasoning": "",
                "model": model,
                "status": "done",
                "problem": None,
                "created_at": "2023-11-14T22:13:20.250+00:00",
                "attachments": [],
            }
            for role, content, model in (
                ("user", "What is a heat pump?", None),
                ("assistant", "A fridge, turned round.", "gpt-4o"),
            )
        ],
    }
    assert refused.status_code == 401
    listed = (await ann.get(f"/api/v1/conversations/{chat_id}/shares")).json()
    assert listed["data"] == [share]
    assert (await ben.delete(path)).status_code == 404
    assert (await ann.delete(path)).json() == {
        "id": share["id"],
        "object": "share.deleted",
        "deleted": True,
    }
    assert (await ben.get(path)).status_code == 404


async def test_a_share_is_copied_into_a_conversation_of_ones_own(
    ann: httpx.AsyncClient, ben: httpx.AsyncClient, chat_id: str
) -> None:
    share = (await ann.post(f"/api/v1/conversations/{chat_id}/share")).json()

    copied = await ben.post(f"/api/v1/shares/{share['id']}/copy")

    assert (copied.status_code, copied.json()["title"]) == (201, "Heat pumps")
    assert copied.json()["id"] != chat_id
    assert (await ann.get(f"/api/v1/conversations/{copied.json()['id']}")).status_code == 404
    await ann.delete(f"/api/v1/conversations/{chat_id}")
    assert (await ben.get(f"/api/v1/shares/{share['id']}")).status_code == 404
    assert (await ben.get(f"/api/v1/conversations/{copied.json()['id']}")).status_code == 200


@pytest.mark.parametrize(
    "body",
    [{"expires_days": 0}, {"expires_days": 1.5}, {"expires_days": "7"}, {"odd": 1}, {"leaf_id": 7}],
)
async def test_a_bad_share_is_a_400(
    ann: httpx.AsyncClient, chat_id: str, body: dict[str, object]
) -> None:
    answer = await ann.post(f"/api/v1/conversations/{chat_id}/share", json=body)

    assert answer.status_code == 400


async def test_another_persons_conversation_is_not_there_for_any_of_it(
    ben: httpx.AsyncClient, chat_id: str
) -> None:
    path = f"/api/v1/conversations/{chat_id}"
    calls = [("GET", f"{path}/export.{extension}") for extension in KINDS]
    calls += [("POST", f"{path}/share"), ("GET", f"{path}/shares")]

    for method, address in calls:
        answer = await ben.request(method, address)
        assert (address, answer.status_code) == (address, 404)
        assert answer.json()["error"]["type"] == "not_found_error"


async def test_nobody_imports_or_exports_without_a_credential(app_server: AppServer) -> None:
    async with httpx.AsyncClient(verify=NO_TLS, base_url=app_server.url) as stranger:
        for method, path in (("POST", IMPORT), ("GET", "/api/v1/conversations/export.zip")):
            answer = await stranger.request(method, path, content=json.dumps([CHATGPT]))
            assert answer.status_code == 401
