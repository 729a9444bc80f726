"""`aiportal search`."""

import json
from collections.abc import Iterator

import pytest

from tests.unit.cli.conftest import Cli
from tests.upstreams import SearchSite
from tests.upstreams.searching import brave, wikipedia


@pytest.fixture(scope="module")
def site() -> Iterator[SearchSite]:
    with SearchSite() as site:
        site.finds("wikipedia", wikipedia("Alan Turing"))
        site.finds("brave", brave(("A\x1b[2J", "https://a.test/")))
        yield site


def variables(site: SearchSite, **more: str) -> dict[str, str]:
    urls = ",".join(f"{name}={site.base_of(name)}" for name in ("brave", "wikipedia"))
    return {
        "AIPORTAL_SEARCH_URLS": urls,
        "AIPORTAL_FETCH_ALLOW": f"127.0.0.1:{site.port}",
    } | more


def test_results_go_out_and_what_is_to_be_known_beside(cli: Cli, site: SearchSite) -> None:
    result = cli("search", "turing", **variables(site))

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "1. Alan Turing"
    assert lines[1].endswith("/wikipedia/wiki/Alan_Turing")
    assert "Only Wikipedia" in result.stderr


def test_for_programs(cli: Cli, site: SearchSite) -> None:
    result = cli("search", "a", "-n", "3", "--json", **variables(site, BRAVE_API_KEY="key"))

    found = json.loads(result.stdout)
    assert found["provider"] == "brave"
    assert found["results"][0]["url"] == "https://a.test/"
    assert site.last().query["count"] == "3"


def test_control_characters_do_not_reach_the_terminal(cli: Cli, site: SearchSite) -> None:
    result = cli("search", "a", **variables(site, BRAVE_API_KEY="key"))

    assert "\x1b" not in result.stdout


def test_a_provider_that_is_not_set_up(cli: Cli, site: SearchSite) -> None:
    result = cli("search", "a", "--provider", "tavily", **variables(site))

    assert result.exit_code == 1
    assert "TAVILY_API_KEY" in result.stderr


@pytest.mark.parametrize("url", ["gopher=http://a.test", "brave", "brave=ftp://a.test"])
def test_a_setting_that_is_wrong(cli: Cli, url: str) -> None:
    result = cli("search", "a", AIPORTAL_SEARCH_URLS=url)

    assert result.exit_code == 1
    assert "AIPORTAL_SEARCH_URLS" in result.stderr
