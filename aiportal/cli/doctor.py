"""`aiportal doctor`."""

from dataclasses import asdict

import click

from aiportal.cli.inspection import Finding, inspect
from aiportal.cli.output import json_option, show
from aiportal.cli.running import load_settings
from aiportal.errors import ConfigError

__all__ = ["doctor"]

MARKS = {"ok": ("✓", "green"), "hint": ("•", "yellow"), "problem": ("✗", "red")}


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Check this installation and say what to do for each finding.

    Looks at settings, folders, database, models, extras, sandbox and port, and changes nothing. Exits with
    1 if anything is wrong.
    """
    findings = _findings()
    if as_json:
        show([asdict(finding) for finding in findings], as_json=True, empty="")
    else:
        for finding in findings:
            _say(finding)
    if any(finding.level == "problem" for finding in findings):
        raise click.exceptions.Exit(1)


def _findings() -> list[Finding]:
    try:
        settings = load_settings()
    except ConfigError as error:
        return [Finding("settings", "problem", error.message, "docs/settings.md lists them all.")]
    return inspect(settings)


def _say(finding: Finding) -> None:
    mark, colour = MARKS[finding.level]
    click.echo(f"{click.style(mark, fg=colour)} {finding.subject}: {finding.message}")
    if finding.advice:
        click.echo(f"    → {finding.advice}")
