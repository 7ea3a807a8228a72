"""``nearfield doctor``: what is fine on this machine, what is not, and how to mend it."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from nearfield_edge.cli.options import config_option, json_option, print_json
from nearfield_edge.doctor.checks import run_checks
from nearfield_edge.doctor.findings import exit_status, render, to_dict


@click.command("doctor")
@config_option
@json_option
def command(config: Path | None, as_json: bool) -> None:
    """Look at hardware, runtimes, sound devices, packs and limits; exit status 1 if something fails."""
    findings = run_checks(config)
    if as_json:
        print_json(to_dict(findings))
    else:
        render(findings, Console())
    sys.exit(exit_status(findings))
