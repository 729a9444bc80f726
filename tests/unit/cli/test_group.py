"""`aiportal group …`."""

import json

import pytest

from tests.unit.cli.conftest import Cli


def groups(cli: Cli) -> dict[str, list[str]]:
    found = json.loads(cli("group", "list", "--json").stdout)
    return {group["name"]: group["members"] for group in found}


def test_a_group_lives_from_its_making_to_its_end(cli: Cli) -> None:
    assert "no groups yet" in cli("group", "list").stdout
    cli("user", "create", "ann")
    made = cli("group", "create", "Staff", "ann")
    assert made.stdout == "Made the group Staff, 1 member.\n"
    added = cli("group", "add", "STAFF", "admin", "ann")
    assert added.stdout == "Staff has 2 members now.\n"
    assert "admin,ann" in cli("group", "list").stdout
    assert cli("group", "remove", "staff", "ann").stdout == "Staff has 1 member now.\n"
    assert groups(cli) == {"Staff": ["admin"]}
    assert cli("group", "delete", "staff").stdout == "The group staff is deleted.\n"
    assert groups(cli) == {}


def test_what_was_made_comes_as_json_too(cli: Cli) -> None:
    made = json.loads(cli("group", "create", "staff", "--json").stdout)
    assert (made["name"], made["members"]) == ("staff", [])
    assert made["id"].startswith("grp_")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["create", "Staff"], 1, "There is a group 'Staff' already."),
        (["create", "two words"], 1, "A group's name is 1 to 64"),
        (["create", "others", "nobody"], 1, "There is no user 'nobody'."),
        (["add", "none", "admin"], 1, "There is no such group."),
        (["add", "staff"], 2, "Missing argument"),
        (["remove", "staff", "nobody"], 1, "There is no user 'nobody'."),
        (["delete", "none"], 1, "There is no such group."),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    cli: Cli, arguments: list[str], status: int, said: str
) -> None:
    cli("group", "create", "staff")
    refused = cli("group", *arguments)
    assert refused.exit_code == status
    assert said in refused.stderr
    assert groups(cli) == {"staff": []}
