"""Options that several commands share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

config_option = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="NEARFIELD_CLOUD_CONFIG",
    help="Configuration file (TOML). Default: $NEARFIELD_CLOUD_CONFIG, else built-in defaults.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
tenant_option = click.option("--tenant", default="default", show_default=True, help="Whose documents.")


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2))
