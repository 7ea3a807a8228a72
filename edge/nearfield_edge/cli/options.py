"""Options that several commands share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from nearfield_edge.composition import Surroundings, surroundings
from nearfield_edge.configuration import read_configuration
from nearfield_edge.life.egress import SafetyNet
from nearfield_sync.telemetry import LogOptions, configure_logs

config_option = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="NEARFIELD_CONFIG",
    help="Configuration file (TOML). Default: $NEARFIELD_CONFIG, else built-in defaults.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")


def place_of(config: Path | None, *, quiet: bool = True) -> Surroundings:
    """Read the configuration, set up logs and give what every part shares.

    On a restricted site this process connects to nothing else from here on.

    Args:
        config: The file, or None for defaults.
        quiet: Log only what went wrong: a command's answer is its output.

    Raises:
        ConfigurationError: The configuration is wrong.
    """
    configuration = read_configuration(config)
    log = configuration.log
    configure_logs(LogOptions(style=log.style, level="error" if quiet else log.level, personal=log.personal))
    place = surroundings(configuration)
    if place.egress.restricted:
        SafetyNet(place.egress).install()
    return place


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2))
