"""`aiportal key …`."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from aiportal.errors import AuthenticationFailed
from aiportal.portal import Portal
from aiportal.principal import Principal
from aiportal.settings import Settings
from tests.unit.cli.conftest import Cli


def test_create_prints_the_key_alone_and_it_works(cli: Cli, settings: Settings) -> None:
    printed = cli("key", "create", "--name", "test").stdout
    assert re.fullmatch(r"ak_[0-9a-f]{64}\n", printed)
    assert _caller(settings, printed.strip()).username == "admin"


def test_a_key_comes_as_json_with_its_id_too(cli: Cli, settings: Settings) -> None:
    made = json.loads(cli("key", "create", "--name", "test", "--json").stdout)
    assert _caller(settings, made["key"]).key_id == made["id"]
    assert set(made) == {"key", "id"}


def test_a_key_can_be_another_users_and_limited(cli: Cli, settings: Settings) -> None:
    cli("user", "create", "ann")
    options = ("--user", "ann", "--name", "app", "--models", "a/b, c/d", "--expires", "90d")
    caller = _caller(settings, cli("key", "create", *options).stdout.strip())
    assert (caller.username, caller.allowed_models) == ("ann", frozenset({"a/b", "c/d"}))
    [key] = json.loads(cli("key", "list", "--user", "ann", "--json").stdout)
    left = datetime.fromisoformat(key["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89) < left <= timedelta(days=90)


@pytest.mark.parametrize("duration", ["90", "d", "0d", "-1d", "1y", "999999d"])
def test_a_duration_that_is_none_is_wrong_usage(cli: Cli, duration: str) -> None:
    result = cli("key", "create", "--name", "x", "--expires", duration)
    assert result.exit_code == 2
    assert "90d" in result.stderr


def test_a_key_needs_a_name(cli: Cli) -> None:
    assert cli("key", "create").exit_code == 2


def test_a_list_never_shows_a_key(cli: Cli) -> None:
    secret = cli("key", "create", "--name", "test").stdout.strip()
    assert secret not in cli("key", "list").stdout + cli("key", "list", "--json").stdout
    assert "test" in cli("key", "list").stdout


def test_a_revoked_key_is_refused(cli: Cli, settings: Settings) -> None:
    cli("user", "create", "ann")
    secret = cli("key", "create", "--name", "test", "--user", "ann").stdout.strip()
    [key] = json.loads(cli("key", "list", "--user", "ann", "--json").stdout)
    assert cli("key", "revoke", key["id"]).exit_code == 0
    with pytest.raises(AuthenticationFailed):
        _caller(settings, secret)


def test_revoking_a_key_that_is_not_there_fails(cli: Cli) -> None:
    result = cli("key", "revoke", "key_none")
    assert result.exit_code == 1
    assert "Error: " in result.stderr


def _caller(settings: Settings, secret: str) -> Principal:
    async def authenticate() -> Principal:
        async with Portal.open(settings) as portal:
            return await portal.credentials.authenticate(
                authorization=f"Bearer {secret}", api_key=None, cookie=None
            )

    return asyncio.run(authenticate())
