"""`aiportal bench`."""

from dataclasses import asdict

import click

from aiportal.cli.measuring import PARALLEL, Bench, Figures
from aiportal.cli.output import json_option, say, show
from aiportal.cli.running import run

__all__ = ["bench"]


@click.command()
@click.option("-m", "--model", help="Id of the model; without it the default model.")
@click.option("--runs", type=click.IntRange(1, 100), default=5, show_default=True, help="At most.")
@click.option(
    "--seconds", type=click.IntRange(1, 3600), default=30, show_default=True, help="Longest time."
)
@json_option
def bench(model: str | None, runs: int, seconds: int, *, as_json: bool) -> None:
    """Measure how quick a model is here.

    Time to the first token, tokens a second, requests a second. The calls are real: they are in
    the usage, and a provider that bills wants its money.
    """
    figures = run(
        lambda portal, operator: Bench(
            portal, operator, model or portal.registry.default_model, runs=runs, limit_s=seconds
        ).measure()
    )
    if as_json:
        say("", asdict(figures), as_json=True)
    else:
        show(_rows(figures), as_json=False, empty="")


def _rows(figures: Figures) -> list[dict[str, str]]:
    rows = {
        "first call, with loading": _figure(figures.first_call_ms, "ms"),
        f"first token, median of {figures.runs}": _figure(figures.first_token_ms, "ms"),
        "speed after it": _figure(figures.tokens_per_s, "tokens/s"),
        f"short calls, {PARALLEL} at a time": _figure(figures.requests_per_s, "requests/s"),
        "of them failed": str(figures.failed_requests),
        "cost": f"{figures.cost_usd:.6f} USD",
    }
    return [{"measured": name, figures.model: value} for name, value in rows.items()]


def _figure(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:,.1f} {unit}"
