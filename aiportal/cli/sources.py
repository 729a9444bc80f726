"""The sources of an answer on the terminal."""

import click

from aiportal.chat import Findings
from aiportal.cli.output import plain

__all__ = ["print_sources"]


def print_sources(findings: Findings) -> None:
    """Below the answer: their numbers, titles and addresses, and what should be known of the search."""
    if findings.searched is None:
        return
    if findings.sources:
        click.echo()
    for one in findings.sources:
        click.echo(plain(f"[{one.number}] {one.title}\n    {one.url}"))
    if findings.searched.note:
        click.echo(plain(f"\n{findings.searched.note}"))
