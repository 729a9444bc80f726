"""`aiportal bench`."""

import json

from tests.unit.cli.conftest import Cli
from tests.upstreams import Upstream, error, hang, text


def test_a_model_is_measured(wired_cli: Cli, upstream: Upstream) -> None:
    result = wired_cli("bench", "-m", "acme/slow", "--runs", "2", "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert (figures["model"], figures["runs"], figures["failed_requests"]) == ("acme/slow", 2, 0)
    assert min(figures["first_call_ms"], figures["first_token_ms"]) > 0
    assert min(figures["tokens_per_s"], figures["requests_per_s"], figures["cost_usd"]) > 0
    assert upstream.last().json["model"] == "slow"


def test_the_default_model_is_measured_in_a_table(wired_cli: Cli) -> None:
    lines = wired_cli("bench", "--runs", "1").stdout.splitlines()
    assert lines[0].split() == ["measured", "acme/fast"]
    assert [line.rsplit(maxsplit=1)[1] for line in lines[1:5]] == [
        "ms",
        "ms",
        "tokens/s",
        "requests/s",
    ]


def test_an_answer_of_one_token_has_no_speed(wired_cli: Cli, upstream: Upstream) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    upstream.answer("fast", text("One", usage=usage))
    assert json.loads(wired_cli("bench", "--json").stdout)["tokens_per_s"] is None


def test_a_model_that_fails_is_told_in_one_sentence(wired_cli: Cli, upstream: Upstream) -> None:
    upstream.answer("fast", error(401))
    result = wired_cli("bench")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")


def test_a_model_that_never_answers_is_given_up_in_time(wired_cli: Cli, upstream: Upstream) -> None:
    upstream.answer("fast", hang())
    result = wired_cli("bench", "--seconds", "1")
    assert result.exit_code == 1
    assert "--seconds" in result.stderr
