"""`aiportal search "words"`."""

from dataclasses import asdict

import click

from aiportal.cli.output import json_option, plain, say
from aiportal.cli.running import run
from aiportal.search import MAX_RESULTS, Found

__all__ = ["search"]


@click.command()
@click.argument("query")
@click.option("--provider", help="brave, tavily, searxng or wikipedia; else all that are set up.")
@click.option(
    "-n",
    "--max-results",
    type=click.IntRange(1, MAX_RESULTS),
    default=10,
    show_default=True,
    help="The most that is shown.",
)
@json_option
def search(query: str, provider: str | None, max_results: int, *, as_json: bool) -> None:
    """Search the web; the best results of several providers first."""
    found = run(
        lambda portal, operator: portal.web_search.search(
            operator, query, provider=provider, max_results=max_results
        )
    )
    if found.note and not as_json:
        click.secho(found.note, err=True)
    say(_in_lines(found), asdict(found), as_json=as_json)


def _in_lines(found: Found) -> str:
    pieces = [
        f"{number}. {one.title}\n   {one.url}\n   {one.snippet}".rstrip()
        for number, one in enumerate(found.results, 1)
    ]
    return plain("\n".join(pieces)) or "Nothing was found."
