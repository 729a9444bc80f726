"""`aiportal user …`."""

import asyncio
import json
import re

import pytest

from aiportal.portal import Portal
from aiportal.settings import Settings
from tests.unit.cli.conftest import Cli

PASSWORD = "Correct-horse-9"


def test_the_first_command_finds_the_user_admin(cli: Cli) -> None:
    users = json.loads(cli("user", "list", "--json").stdout)
    assert [(user["username"], user["role"]) for user in users] == [("admin", "admin")]


def test_a_user_that_was_made_is_listed(cli: Cli) -> None:
    made = cli("user", "create", "ann", "--email", "ann@example.org", "--full-name", "Ann A.")
    assert made.stdout == "Made user ann.\n"
    users = json.loads(cli("user", "list", "--json").stdout)
    assert {"username": "ann", "email": "ann@example.org", "name": "Ann A."}.items() <= users[
        1
    ].items()
    assert "ann@example.org" in cli("user", "list").stdout


def test_what_was_made_comes_as_json_too(cli: Cli) -> None:
    made = json.loads(cli("user", "create", "ann", "--role", "admin", "--json").stdout)
    assert made in json.loads(cli("user", "list", "--json").stdout)
    assert (made["username"], made["role"]) == ("ann", "admin")


def test_a_name_that_is_taken_is_refused_in_one_sentence(cli: Cli) -> None:
    cli("user", "create", "ann")
    result = cli("user", "create", "Ann")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.output


def test_a_role_can_be_set_and_only_to_one_that_there_is(cli: Cli) -> None:
    cli("user", "create", "ann")
    assert cli("user", "set-role", "ann", "admin").exit_code == 0
    assert cli("user", "set-role", "ann", "king").exit_code == 2
    assert "admin" in cli("user", "list").stdout.splitlines()[2]


def test_a_password_is_read_from_standard_input(cli: Cli, settings: Settings) -> None:
    cli("user", "create", "ann", "--password", stdin=f"{PASSWORD}\n")
    assert _signs_in(settings, "ann", PASSWORD)
    assert cli("user", "set-password", "ann", stdin="Another-horse-9\n").exit_code == 0
    assert _signs_in(settings, "ann", "Another-horse-9")


def test_a_weak_password_is_refused(cli: Cli) -> None:
    cli("user", "create", "ann")
    result = cli("user", "set-password", "ann", stdin="qzx\n")
    assert result.exit_code == 1
    assert "qzx" not in result.stderr


def test_a_disabled_user_can_be_enabled_again(cli: Cli) -> None:
    cli("user", "create", "ann")
    cli("user", "disable", "ann")
    assert json.loads(cli("user", "list", "--json").stdout)[1]["is_disabled"]
    cli("user", "enable", "ann")
    assert not json.loads(cli("user", "list", "--json").stdout)[1]["is_disabled"]


def test_link_prints_a_one_time_address_alone(cli: Cli, settings: Settings) -> None:
    address = cli("user", "link", "admin", "--base-url", "https://portal.example/").stdout
    match = re.fullmatch(r"https://portal\.example/login/link\?token=([\w-]{43})\n", address)
    assert match is not None
    assert _redeems(settings, match[1]) == "admin"


def test_a_link_comes_as_json_too(cli: Cli, settings: Settings) -> None:
    made = json.loads(cli("user", "link", "admin", "--json").stdout)
    assert made["username"] == "admin"
    assert _redeems(settings, made["url"].partition("token=")[2]) == "admin"


@pytest.mark.parametrize("command", ["set-role", "disable", "enable", "link"])
def test_a_user_that_is_not_there_is_an_error(cli: Cli, command: str) -> None:
    arguments = ("nobody", "user") if command == "set-role" else ("nobody",)
    result = cli("user", command, *arguments)
    assert result.exit_code == 1
    assert "no such user" in result.stderr


def _signs_in(settings: Settings, username: str, password: str) -> bool:
    async def sign_in() -> str:
        async with Portal.open(settings) as portal:
            user = await portal.credentials.sign_in(username, password, address="127.0.0.1")
            return user.username

    return asyncio.run(sign_in()) == username


def _redeems(settings: Settings, token: str) -> str:
    async def redeem() -> str:
        async with Portal.open(settings) as portal:
            return (await portal.links.redeem(token)).username

    return asyncio.run(redeem())
