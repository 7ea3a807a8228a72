"""The command ``nearfield``: the device, from the command line.

Commands are imported when they are called, so that ``nearfield --help`` and a typed question start at once.
"""

from __future__ import annotations

import sys

import click

from nearfield_edge.errors import EdgeError
from nearfield_models.errors import ModelsError
from nearfield_sync.errors import SyncError
from nearfield_sync.lazy_commands import LazyCommands

_COMMANDS = {
    "run": "Run the device: listen, understand, answer, until stopped.",
    "ask": "Put one request to the device, as a recording or typed.",
    "say": "Speak a text with the device's voice.",
    "page": "Print the link to the device's page in a browser.",
    "turns": "Show the last turns, or erase some.",
    "outbox": "Show orders, bookings and messages under way, try them again or erase them.",
    "answers": "Show the cloud's answers that are kept and the questions that wait, or erase some.",
    "replay": "Run a kept turn's sound, or a recording, through the device again.",
    "wake": "Try a wake phrase of your own, or choose its sensitivity from recordings.",
    "doctor": "Say what is fine on this machine, what is not, and how to mend it.",
}


@click.command(
    cls=LazyCommands,
    package=__name__,
    table=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="nearfield")
def nearfield() -> None:
    """Nearfield: the voice assistant that answers in the room."""


def main() -> None:
    """Run a command; an expected fault is one sentence on standard error and exit status 1."""
    try:
        nearfield(standalone_mode=True)
    except (EdgeError, ModelsError, SyncError) as error:
        print(f"nearfield: {error}", file=sys.stderr)
        sys.exit(1)
