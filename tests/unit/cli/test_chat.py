"""`aiportal chat`."""

import asyncio
from pathlib import Path

import pytest

from aiportal.portal import Portal
from aiportal.settings import Settings
from tests.contract.tool_cases import write_tools
from tests.unit.cli.conftest import Cli
from tests.upstreams import DONE, SearchSite, Upstream, chunk, error, stream
from tests.upstreams.calling import call, calling
from tests.upstreams.searching import wikipedia


def test_the_answer_is_printed_and_nothing_else(wired_cli: Cli, upstream: Upstream) -> None:
    upstream.answer("fast", stream(chunk("Pa"), chunk("ris", finish="stop"), DONE))
    result = wired_cli("chat", "What is the capital of France?")
    assert (result.exit_code, result.stdout) == (0, "Paris\n")


def test_options_reach_the_model(wired_cli: Cli, upstream: Upstream) -> None:
    options = (
        "-m",
        "acme/slow",
        "--system",
        "Be brief.",
        "--temperature",
        "0",
        "--max-tokens",
        "9",
    )
    assert wired_cli("chat", "Hi", *options).exit_code == 0
    sent = upstream.last().json
    assert [(message["role"], message["content"]) for message in sent["messages"]] == [
        ("system", "Be brief."),
        ("user", "Hi"),
    ]
    assert (sent["model"], sent["temperature"], sent["max_tokens"]) == ("slow", 0, 9)


def test_the_question_can_come_from_standard_input(wired_cli: Cli, upstream: Upstream) -> None:
    assert wired_cli("chat", "-", stdin="Hello\nthere").exit_code == 0
    assert upstream.last().json["messages"][0]["content"] == "Hello\nthere"


def test_control_characters_of_a_model_do_not_reach_the_terminal(
    wired_cli: Cli, upstream: Upstream
) -> None:
    upstream.answer("fast", stream(chunk("a\x1b[2J\x07b\tc\n", finish="stop"), DONE))
    assert wired_cli("chat", "Hi").stdout == "a[2Jb\tc\n\n"


def test_a_failure_of_the_provider_is_one_sentence(wired_cli: Cli, upstream: Upstream) -> None:
    upstream.answer("fast", error(401))
    result = wired_cli("chat", "Hi")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.output


def test_a_model_that_is_not_there_is_named(wired_cli: Cli) -> None:
    result = wired_cli("chat", "Hi", "-m", "acme/none")
    assert result.exit_code == 1
    assert "acme/none" in result.stderr


@pytest.mark.parametrize("temperature", ["3", "-1", "warm"])
def test_a_wrong_temperature_is_wrong_usage(wired_cli: Cli, temperature: str) -> None:
    assert wired_cli("chat", "Hi", "--temperature", temperature).exit_code == 2


async def test_a_chat_is_in_the_ledger(wired_settings: Settings, upstream: Upstream) -> None:
    await asyncio.to_thread(Cli(wired_settings), "chat", "Hi")
    async with Portal.open(wired_settings) as portal:
        rows = await portal.database.read(
            lambda database: list(database.query("SELECT source, status FROM usage"))
        )
    assert rows == [{"source": "cli", "status": 200}]


def test_sources_of_the_web_stand_below_the_answer(wired_cli: Cli, upstream: Upstream) -> None:
    upstream.answer("fast", stream(chunk("Turing [1]", finish="stop"), DONE))
    with SearchSite() as site:
        site.finds("wikipedia", wikipedia("Alan\x1b[2J Turing"))
        result = wired_cli(
            "chat",
            "Who?",
            "--web",
            AIPORTAL_SEARCH_URLS=f"wikipedia={site.base_of('wikipedia')}",
            AIPORTAL_FETCH_ALLOW=f"127.0.0.1:{site.port}",
        )
    assert result.stdout.startswith("Turing [1]\n\n[1] Alan")
    assert "/wikipedia/wiki/Alan" in result.stdout
    assert "Only Wikipedia was asked" in result.stdout
    assert "\x1b" not in result.stdout


def test_what_a_tool_prints_and_makes_is_told_beside_the_answer(
    wired_cli: Cli, upstream: Upstream, tmp_path: Path
) -> None:
    folder = str(write_tools(tmp_path / "tools"))
    answers = (calling(call("plot", "c1")), stream(chunk("Done", finish="stop"), DONE))
    for options in ([], ["--save", str(tmp_path / "made")]):
        upstream.answer("fast", *answers)
        result = wired_cli("chat", "Draw", "--tools", "plot", *options, AIPORTAL_TOOLS_DIR=folder)
        assert (result.exit_code, result.stdout) == (0, "Done\n")
        assert "→ [1, 2]\ndrawn\n" in result.stderr
        if not options:
            assert "3 files: plot.png, raw.bin, table.csv. They are kept with" in result.stderr
    assert f"table.csv is in {tmp_path / 'made' / 'table.csv'}" in result.stderr
    assert (tmp_path / "made" / "raw.bin").read_bytes() == bytes(range(256))
