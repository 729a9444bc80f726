"""What administrators do to MCP servers, in the file."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aiportal.errors import (
    ConfigError,
    Conflict,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    PortalError,
)
from aiportal.fetch import Fetcher
from aiportal.settings import Settings
from aiportal.tools import ToolRegistry
from aiportal.tools.administration import Administration
from aiportal.tools.servers.administration import ServerAdministration
from tests.unit.tools.tool_folders import ADMIN, ANN

SECRET = "a-secret-of-the-test"
CRM = {"url": "http://127.0.0.1:9/mcp", "headers": {"X-Key": SECRET}}
OTHERS = {"hotReload": False, "maxExecutionTime": 5000, "profiles": {"bare": {"preload": []}}}
FILE = {**OTHERS, "mcpServers": {"crm": CRM}}
NEW = {"url": "http://127.0.0.1:9/other"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "tools").mkdir()
    path = tmp_path / "tools" / "config.json"
    path.write_text(json.dumps(FILE))
    return path


@pytest.fixture
async def servers(tmp_path: Path, path: Path) -> AsyncIterator[ServerAdministration]:
    settings = Settings(data_dir=tmp_path, tools_dir=path.parent)
    registry = await ToolRegistry.load(settings)
    async with Fetcher.open() as fetcher:
        registry.servers.reach_by(fetcher, sandbox="off", own_folder=tmp_path / "own")
        async with registry:
            yield ServerAdministration(registry, Administration(registry).writing)


def text_of(path: Path) -> str:
    return path.read_text()


def put_text(path: Path, text: str) -> None:
    path.write_text(text)


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def put_mode(path: Path, mode: int) -> None:
    path.chmod(mode)


def remove(path: Path) -> None:
    path.unlink()


def written(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


async def test_one_is_added_changed_and_removed_and_the_file_keeps_the_rest(
    servers: ServerAdministration, path: Path
) -> None:
    put_mode(path, 0o640)
    added = await servers.put(ADMIN, "notes", NEW, is_new=True)
    assert (added.name, added.life, added.entry) == ("notes", "connecting", NEW)
    assert written(path) == {**OTHERS, "mcpServers": {"crm": CRM, "notes": NEW}}
    changed = await servers.put(ADMIN, "notes", {**NEW, "enabled": False}, is_new=False)
    assert changed.life == "off"
    assert [one.name for one in servers.list(ADMIN)] == ["crm", "notes"]
    await servers.remove(ADMIN, "notes")
    assert written(path) == FILE
    assert [one.name for one in servers.list(ADMIN)] == ["crm"]
    assert mode_of(path) == 0o640


async def test_a_secret_is_not_told_and_survives(servers: ServerAdministration, path: Path) -> None:
    (told,) = servers.list(ADMIN)
    assert told.entry == {**CRM, "headers": {"X-Key": None}}
    put = await servers.put(ADMIN, "crm", {**told.entry, "timeout": 500}, is_new=False)
    assert SECRET not in repr(put)
    assert written(path)["mcpServers"]["crm"] == {**CRM, "timeout": 500}


@pytest.mark.parametrize(
    ("draft", "param"),
    [
        ({}, None),
        ({"url": "http://a", "command": "a"}, None),
        ({"command": "a", "headers": {"X-Key": SECRET}}, None),
        ({"url": "http://a", "timeout": 5}, "timeout"),
        ({"url": "http://a", "headers": {"X Key": SECRET}}, "headers.X Key.[key]"),
        ({"url": "http://a", "headers": {"X-Key": SECRET + "\0"}}, "headers.X-Key"),
        ({"url": "http://a", "headers": SECRET}, "headers"),
        ({"url": "http://a", "headers": {"X-Key": None}}, "headers.X-Key"),
        ({"command": "a", "folders": ["relative"]}, "folders.0"),
        ({"command": "a", "env": {"\ud800": SECRET}}, "env.?.[key]"),
        ({"url": "http://a", "paramters": SECRET}, "paramters"),
        ({"url": "http://a", "access": {"roles": [SECRET]}}, "access.roles.0"),
    ],
)
async def test_what_is_no_server_is_refused_with_its_field(
    servers: ServerAdministration, path: Path, draft: dict[str, Any], param: str | None
) -> None:
    before = text_of(path)
    for asked in (
        servers.put(ADMIN, "x", draft, is_new=False),
        servers.attempt(ADMIN, draft, name=None),
    ):
        with pytest.raises(InvalidRequest) as raised:
            await asked
        assert raised.value.param == param
        assert SECRET not in raised.value.message
        raised.value.message.encode()
    assert text_of(path) == before


@pytest.mark.parametrize("name", ["", "a__b", "a b", "../a", "x" * 31, "\ud800"])
async def test_a_name_that_is_none_is_refused(servers: ServerAdministration, name: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        await servers.put(ADMIN, name, NEW, is_new=True)
    assert raised.value.param == "name"


async def test_what_is_there_or_not_there_is_told(servers: ServerAdministration) -> None:
    with pytest.raises(Conflict, match="'crm' already"):
        await servers.put(ADMIN, "crm", NEW, is_new=True)
    with pytest.raises(NotFound, match="'none'"):
        await servers.remove(ADMIN, "none")


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "[]",
        "[" * 100_000,
        '{"mcpServers": []}',
        '{"maxExecutionTime": "x", "mcpServers": {"crm": {"url": "u"}}}',
    ],
)
async def test_a_broken_file_is_left_as_it_is(
    servers: ServerAdministration, path: Path, broken: str
) -> None:
    put_text(path, broken)
    with pytest.raises(ConfigError, match=r"config\.json"):
        await servers.put(ADMIN, "notes", NEW, is_new=True)
    with pytest.raises(PortalError):
        await servers.remove(ADMIN, "crm")
    assert text_of(path) == broken


async def test_a_fault_of_a_server_is_put_right(servers: ServerAdministration, path: Path) -> None:
    put_text(path, json.dumps({"mcpServers": {"crm": {**CRM, "timeout": "x"}}}))
    await servers.put(ADMIN, "crm", {**CRM, "headers": {"X-Key": None}}, is_new=False)
    assert written(path) == {"mcpServers": {"crm": CRM}}


async def test_a_file_that_is_not_there_is_made(servers: ServerAdministration, path: Path) -> None:
    remove(path)
    await servers.put(ADMIN, "notes", NEW, is_new=True)
    assert written(path) == {"mcpServers": {"notes": NEW}}
    assert mode_of(path) == 0o600


async def test_one_that_is_tried_is_not_written(servers: ServerAdministration, path: Path) -> None:
    before = text_of(path)
    kept = {**CRM, "headers": {"X-Key": None}, "enabled": False}
    refused = await servers.attempt(ADMIN, kept, name="crm")
    assert "AIPORTAL_FETCH_ALLOW" in refused.fault
    assert (
        "AIPORTAL_SANDBOX=off" in (await servers.attempt(ADMIN, {"command": "a"}, name=None)).fault
    )
    unset = {"url": "http://a", "headers": {"X-Key": "env:MCP_UNSET_OF_A_TEST"}}
    assert "MCP_UNSET_OF_A_TEST" in (await servers.attempt(ADMIN, unset, name=None)).fault
    key = {"url": "http://a", "headers": {"X-Key": "env:OPENAI_API_KEY"}}
    for asked in (
        servers.attempt(ADMIN, key, name=None),
        servers.put(ADMIN, "a", key, is_new=True),
    ):
        with pytest.raises(InvalidRequest, match="begin with MCP_"):
            await asked
    assert text_of(path) == before
    assert [one.name for one in servers.list(ADMIN)] == ["crm"]


async def test_it_is_for_administrators_alone(servers: ServerAdministration, path: Path) -> None:
    with pytest.raises(PermissionDenied):
        servers.list(ANN)
    for asked in (
        servers.put(ANN, "crm", NEW, is_new=False),
        servers.remove(ANN, "crm"),
        servers.attempt(ANN, NEW, name=None),
    ):
        with pytest.raises(PermissionDenied):
            await asked
    assert written(path) == FILE
